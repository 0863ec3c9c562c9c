import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../logger.js';
import { type CertificateIdentity, describeCertificate } from './identity.js';

/** The PEM files of a certificate (with its chain) and its private key. Both may be one file. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The same as text, which is never reloaded. */
export interface CertificateText {
  readonly certificate: string;
  readonly key: string;
}

export type CertificateSource = CertificateFiles | CertificateText;

/** The permission of others to read. A group may have it: of those who look after certificates, say. */
const READABLE_BY_ALL = 0o004;

/** The certificate that a server shows, which follows its files. */
export class ServedCertificate {
  readonly #source: CertificateSource;
  readonly #log: Logger;
  #stamp: string;
  #text: CertificateText;

  /** Throws when the files cannot be read or are no certificate and key that fit each other. */
  constructor(source: CertificateSource, log: Logger) {
    this.#source = source;
    this.#log = log;
    this.#stamp = stampOf(source);
    this.#text = readText(source);
    this.#warnOfReaders();
  }

  get text(): CertificateText {
    return this.#text;
  }

  get identity(): CertificateIdentity {
    return describeCertificate(this.#text.certificate);
  }

  /**
   * Reads the files again if they have changed; true when there is a new certificate. When they do not fit each other,
   * as in the middle of a replacement, the old one stays in use. Never throws. To be called before every connection.
   */
  refresh(): boolean {
    try {
      const stamp = stampOf(this.#source);
      if (stamp === this.#stamp) return false;
      this.#stamp = stamp;
      const text = readText(this.#source);
      this.#warnOfReaders();
      this.#text = text;
      this.#log('info', 'the certificate was reloaded', { fingerprint: this.identity.fingerprint });
      return true;
    } catch (error) {
      this.#log('error', 'the new certificate cannot be used; the old one stays', { error });
      return false;
    }
  }

  /** Says so when others than the key's owner can read it. Windows has no such permissions. */
  #warnOfReaders(): void {
    if ('certificate' in this.#source || process.platform === 'win32') return;
    const { keyFile } = this.#source;
    if ((statSync(keyFile).mode & READABLE_BY_ALL) !== 0)
      this.#log('warn', 'the key of the certificate can be read by other users', { file: keyFile });
  }
}

function readText(source: CertificateSource): CertificateText {
  const text =
    'certificate' in source
      ? source
      : {
          certificate: readFileSync(source.certificateFile, 'utf8'),
          key: readFileSync(source.keyFile, 'utf8'),
        };
  // Throws when they do not fit.
  createSecureContext({ cert: text.certificate, key: text.key });
  return text;
}

/** Changes whenever one of the files is replaced or written to. */
function stampOf(source: CertificateSource): string {
  if ('certificate' in source) return '';
  return [source.certificateFile, source.keyFile]
    .map((file) => {
      const { mtimeNs, size, ino } = statSync(file, { bigint: true });
      return `${mtimeNs}/${size}/${ino}`;
    })
    .join(' ');
}
