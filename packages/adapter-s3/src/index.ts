export {
  type Credential,
  type CredentialDirectory,
  DEFAULT_LIMITS,
  KEEP_UPLOADS_MS,
  type PublicBucket,
  type PublicBuckets,
  type S3Limits,
  type S3ServerOptions,
} from './config.js';
export { ERROR_OF_VAULT_ERROR, S3_ERRORS, S3Error, type S3ErrorCode } from './errors.js';
export { applyLifecycles, type LifecycleOptions, type LifecycleReport } from './lifecycle/apply.js';
export { type ExpireOptions, expireUploads } from './objects/abandoned.js';
export { ownerId } from './objects/owner.js';
export { OPERATIONS } from './operations/registry.js';
export { S3Server } from './server.js';
