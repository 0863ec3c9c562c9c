import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeSelfSigned, type SelfSignedOptions } from './self-signed.js';

/**
 * Makes `file` with a self-signed certificate and its key unless there is such a file; use it as both
 * `certificateFile` and `keyFile`. Returns whether it was made. Of two servers that start at once both use the
 * winner's, because it appears complete or not at all. Throws the file system's errors.
 */
export function ensureCertificateFile(file: string, options: SelfSignedOptions = {}): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { certificate, key } = makeSelfSigned(options);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, key + certificate, { flag: 'wx', mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
