import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { CertificateSource, Logger } from '../config.js';

/** The options of a TLS server for a certificate. Throws when certificate and key cannot be read or do not fit. */
export function tlsOptions(source: CertificateSource): {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
} {
  const pair =
    'certificate' in source
      ? { cert: source.certificate, key: source.key }
      : {
          cert: readFileSync(source.certificateFile, 'utf8'),
          key: readFileSync(source.keyFile, 'utf8'),
        };
  createSecureContext(pair);
  return { ...pair, minVersion: 'TLSv1.2' };
}

/**
 * Before each connection, looks whether the files have changed and takes the new ones. When they do not fit each other, as
 * in the middle of a replacement, the old certificate stays in use.
 */
export function reloadCertificate(server: Server, source: CertificateSource, log: Logger): void {
  if ('certificate' in source) return;
  let known = stampOf(source);
  server.prependListener('connection', () => {
    try {
      const stamp = stampOf(source);
      if (stamp === known) return;
      known = stamp;
      server.setSecureContext(tlsOptions(source));
      log('info', 'the certificate was reloaded');
    } catch (error) {
      log('error', 'the new certificate cannot be used; the old one stays', { error });
    }
  });
}

function stampOf(source: { readonly certificateFile: string; readonly keyFile: string }): string {
  return [source.certificateFile, source.keyFile]
    .map((file) => {
      const { mtimeNs, size, ino } = statSync(file, { bigint: true });
      return `${mtimeNs}/${size}/${ino}`;
    })
    .join(' ');
}
