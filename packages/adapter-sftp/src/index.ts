export type { Owner } from './codec/attributes.js';
export {
  type AuthorizedKeys,
  DEFAULT_LIMITS,
  DEFAULT_OWNER,
  type SftpLimits,
  type SftpServerOptions,
  type UserDirectory,
} from './config.js';
export { STATUS_OF_VAULT_ERROR } from './errors.js';
export { describeHostKey, type HostKeyIdentity, makeHostKey } from './host-key.js';
export { SftpServer } from './server.js';
