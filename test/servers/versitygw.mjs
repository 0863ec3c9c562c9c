// The Versity S3 gateway on a plain directory: the peer that S3 is measured against. Nothing is encrypted at rest.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freePort, startListening } from './child.mjs';

const ACCESS = { id: 'OWNER', secret: 'aSecretOfSomeLength', region: 'us-east-1' };

/**
 * Starts it on plain HTTP with one access key, all state in `place`. What was served before is kept.
 * @param {string} versitygw The program.
 * @param {string} place
 */
export async function startVersitygw(versitygw, place) {
  const port = await freePort();
  const storage = path.join(place, 'files');
  mkdirSync(storage, { recursive: true });
  const args = ['--port', `127.0.0.1:${port}`, '--access', ACCESS.id, '--secret', ACCESS.secret];
  args.push('--region', ACCESS.region, '--quiet', 'posix', storage);
  const child = await startListening(versitygw, args, { port, cwd: place });
  const url = `http://127.0.0.1:${port}`;
  return {
    name: 'versitygw',
    pid: child.pid,
    storage,
    web: { kind: /** @type {const} */ ('s3'), url, ...ACCESS },
    stop: child.stop,
  };
}
