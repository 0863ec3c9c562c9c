export {
  DEFAULT_LIMITS,
  DEFAULT_OWNER,
  type FtpLimits,
  type FtpServerOptions,
  type Owner,
  type PassiveOptions,
  type PasswordDirectory,
} from './config.js';
export { REPLY_OF_VAULT_ERROR } from './errors.js';
export { FtpServer } from './server.js';
export type { SessionReuse, TlsOptions } from './tls/options.js';
