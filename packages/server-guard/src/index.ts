export {
  type Admission,
  AdmissionControl,
  type ConnectionLimits,
  type Refusal,
} from './admission.js';
export { ensureCertificateFile } from './certificate/certificate-file.js';
export { type CertificateIdentity, describeCertificate } from './certificate/identity.js';
export { makeSelfSigned, type SelfSigned, type SelfSignedOptions } from './certificate/self-signed.js';
export {
  type CertificateFiles,
  type CertificateSource,
  type CertificateText,
  ServedCertificate,
} from './certificate/served-certificate.js';
export type { Logger, LogLevel } from './logger.js';
export { LoginDelays, type LoginThrottle } from './login-delays.js';
export { isLoopback, networkOf, plainAddress } from './network.js';
export { Slots } from './slots.js';
