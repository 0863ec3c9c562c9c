import { constants, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Logger } from '../config.js';
import type { CertificateSource, SessionReuse, TlsOptions } from './options.js';

/** Ties sessions to this server, as OpenSSL demands of servers that look at their clients' sessions. */
const SESSION_CONTEXT = 'latchkey-ftp';

/** The permission of others to read. A group may have it: of those who look after certificates, say. */
const READABLE_BY_ALL = 0o004;

/** What a person compares with what the client shows. */
export interface CertificateIdentity {
  /** SHA-256 of the certificate, hexadecimal in upper case with colons. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: Date;
  readonly selfSigned: boolean;
}

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** The certificate in use and the TLS contexts made from it. */
export class SecureContexts {
  readonly #source: CertificateSource;
  readonly #reuse: SessionReuse;
  readonly #log: Logger;
  readonly #ticketKeys: Buffer = randomBytes(48);
  #stamp: string;
  #pair: Pair;
  #shared: SecureContext;

  /** Throws when the files cannot be read or are no certificate and key that fit each other. */
  constructor(options: Exclude<TlsOptions, { mode: 'off' }>, log: Logger) {
    this.#source = options.certificate;
    this.#reuse = options.sessionReuse ?? 'prefer';
    this.#log = log;
    this.#stamp = stampOf(this.#source);
    this.#pair = readPair(this.#source);
    this.#shared = this.#make(this.#pair, this.#ticketKeys);
    this.#warnOfReaders();
  }

  get reuse(): SessionReuse {
    return this.#reuse;
  }

  get identity(): CertificateIdentity {
    return describeCertificate(this.#pair.certificate);
  }

  /**
   * The context for a new control connection and its data connections. Files that changed are read again first; when
   * they do not fit each other, as in the middle of a replacement, the old certificate stays in use. Where reuse is
   * required every control connection has ticket keys of its own, so that a session of another one does not count.
   */
  next(): SecureContext {
    this.#reload();
    return this.#reuse === 'require' ? this.#make(this.#pair, randomBytes(48)) : this.#shared;
  }

  #reload(): void {
    try {
      const stamp = stampOf(this.#source);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      const pair = readPair(this.#source);
      this.#shared = this.#make(pair, this.#ticketKeys);
      this.#pair = pair;
      this.#warnOfReaders();
      this.#log('info', 'the certificate was reloaded', { fingerprint: this.identity.fingerprint });
    } catch (error) {
      this.#log('error', 'the new certificate cannot be used; the old one stays', { error });
    }
  }

  /** Says so when others than the key's owner can read it. Windows has no such permissions. */
  #warnOfReaders(): void {
    if ('certificate' in this.#source || process.platform === 'win32') return;
    const { keyFile } = this.#source;
    if ((statSync(keyFile).mode & READABLE_BY_ALL) !== 0)
      this.#log('warn', 'the key of the certificate can be read by other users', { file: keyFile });
  }

  #make(pair: Pair, ticketKeys: Buffer): SecureContext {
    const noTickets = this.#reuse === 'off' ? constants.SSL_OP_NO_TICKET : 0;
    return createSecureContext({
      cert: pair.certificate,
      key: pair.key,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | noTickets,
      sessionIdContext: SESSION_CONTEXT,
      ticketKeys,
    });
  }
}

function readPair(source: CertificateSource): Pair {
  const pair =
    'certificate' in source
      ? source
      : {
          certificate: readFileSync(source.certificateFile, 'utf8'),
          key: readFileSync(source.keyFile, 'utf8'),
        };
  // Throws when they do not fit.
  createSecureContext({ cert: pair.certificate, key: pair.key });
  return pair;
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
