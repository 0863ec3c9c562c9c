export {
  type CertificateSource,
  type Credential,
  type CredentialDirectory,
  DEFAULT_LIMITS,
  type Logger,
  type LoginThrottle,
  type LogLevel,
  type S3Limits,
  type S3ServerOptions,
} from './config.js';
export { ERROR_OF_VAULT_ERROR, S3_ERRORS, S3Error, type S3ErrorCode } from './errors.js';
export { applyLifecycles, type LifecycleOptions, type LifecycleReport } from './lifecycle/apply.js';
export { ownerId } from './objects/owner.js';
export { OPERATIONS } from './operations/registry.js';
export { S3Server } from './server.js';
