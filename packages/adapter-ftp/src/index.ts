export {
  DEFAULT_LIMITS,
  DEFAULT_OWNER,
  type FtpLimits,
  type FtpServerOptions,
  type Logger,
  type LoginThrottle,
  type LogLevel,
  type Owner,
  type PassiveOptions,
  type PasswordDirectory,
} from './config.js';
export { REPLY_OF_VAULT_ERROR } from './errors.js';
export { FtpServer } from './server.js';
export { ensureCertificateFile } from './tls/certificate-files.js';
export type {
  CertificateFiles,
  CertificateSource,
  CertificateText,
  SessionReuse,
  TlsOptions,
} from './tls/options.js';
export { type CertificateIdentity, describeCertificate } from './tls/secure-contexts.js';
export { makeSelfSigned, type SelfSigned, type SelfSignedOptions } from './tls/self-signed.js';
