import { constants, randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  type CertificateIdentity,
  type CertificateText,
  type Logger,
  ServedCertificate,
} from '@latchkey/server-guard';
import type { SessionReuse, TlsOptions } from './options.js';

/** Ties sessions to this server, as OpenSSL demands of servers that look at their clients' sessions. */
const SESSION_CONTEXT = 'latchkey-ftp';

/** The TLS contexts made from the certificate in use. */
export class SecureContexts {
  readonly #certificate: ServedCertificate;
  readonly #reuse: SessionReuse;
  readonly #ticketKeys: Buffer = randomBytes(48);
  #shared: SecureContext;

  /** Throws when the files cannot be read or are no certificate and key that fit each other. */
  constructor(options: Exclude<TlsOptions, { mode: 'off' }>, log: Logger) {
    this.#certificate = new ServedCertificate(options.certificate, log);
    this.#reuse = options.sessionReuse ?? 'prefer';
    this.#shared = this.#make(this.#certificate.text, this.#ticketKeys);
  }

  get reuse(): SessionReuse {
    return this.#reuse;
  }

  get identity(): CertificateIdentity {
    return this.#certificate.identity;
  }

  /**
   * The context for a new control connection and its data connections, with the certificate as it is now. Where reuse
   * is required every control connection has ticket keys of its own, so that a session of another one does not count.
   */
  next(): SecureContext {
    if (this.#certificate.refresh()) this.#shared = this.#make(this.#certificate.text, this.#ticketKeys);
    return this.#reuse === 'require' ? this.#make(this.#certificate.text, randomBytes(48)) : this.#shared;
  }

  #make({ certificate, key }: CertificateText, ticketKeys: Buffer): SecureContext {
    const noTickets = this.#reuse === 'off' ? constants.SSL_OP_NO_TICKET : 0;
    return createSecureContext({
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | noTickets,
      sessionIdContext: SESSION_CONTEXT,
      ticketKeys,
    });
  }
}
