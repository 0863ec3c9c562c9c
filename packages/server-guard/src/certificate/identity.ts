import { X509Certificate } from 'node:crypto';

/** What a person compares with what the client shows. */
export interface CertificateIdentity {
  /** SHA-256 of the certificate, hexadecimal in upper case with colons. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: Date;
  readonly selfSigned: boolean;
}

/** Describes the first certificate of a PEM text. Throws when there is none. */
export function describeCertificate(certificate: string): CertificateIdentity {
  const parsed = new X509Certificate(certificate);
  return {
    fingerprint: parsed.fingerprint256,
    subject: parsed.subject,
    notAfter: new Date(parsed.validTo),
    selfSigned: parsed.subject === parsed.issuer && parsed.verify(parsed.publicKey),
  };
}
