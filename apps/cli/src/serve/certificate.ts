import { join } from 'node:path';
import { ensureCertificateFile } from '@latchkey/server-guard';
import type { Settings } from '../config/settings.js';
import { requireOutside } from './outside-the-store.js';

/** Where a certificate is kept that the server made for itself, for FTP and S3 alike. */
export function certificatePath(settings: Settings): string {
  return join(settings.state, 'ftp_certificate.pem');
}

/** PEM files with a certificate of our own, made on the first run. They must not lie in the store, like the host key. */
export async function ownCertificate(
  settings: Settings,
  storeRoot: string,
): Promise<{ readonly certificateFile: string; readonly keyFile: string }> {
  await requireOutside(settings.state, storeRoot);
  const file = certificatePath(settings);
  ensureCertificateFile(file, { names: namesOf(settings) });
  return { certificateFile: file, keyFile: file };
}

/** Every name by which clients may reach a server of ours. */
function namesOf({ ftp, s3 }: Settings): string[] {
  const hosts = [ftp.host, s3.host].filter((host) => host !== '0.0.0.0' && host !== '::');
  const buckets = s3.domains.flatMap((domain) => [domain, `*.${domain}`]);
  return [...new Set([...ftp.names, ...hosts, ...buckets, 'localhost'])];
}
