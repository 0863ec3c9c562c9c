import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { S3Error } from '../errors.js';

/*
 * Continuation tokens say where a listing goes on. They are sealed under a key from the secret of whoever lists, with the
 * query as associated data: no state is kept, every server that knows the secret takes them, and one that was made up, or
 * made for another query, is refused.
 */

const NONCE = 12;
const TAG = 16;

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'latchkey s3 continuation token', 32));
}

function queryDigest(query: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(query)).digest();
}

export function sealToken(secret: string, query: readonly string[], last: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce).setAAD(queryDigest(query));
  const sealed = Buffer.concat([cipher.update(last, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** The key that a listing of the same query ended with. Throws `InvalidArgument`. */
export function openToken(secret: string, query: readonly string[], token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), bytes.subarray(0, NONCE), {
      authTagLength: TAG,
    });
    decipher.setAAD(queryDigest(query)).setAuthTag(bytes.subarray(-TAG));
    const text = decipher.update(bytes.subarray(NONCE, -TAG));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.', {
      details: { ArgumentName: 'continuation-token' },
    });
  }
}
