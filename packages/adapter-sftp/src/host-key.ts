import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import ssh2 from 'ssh2';

const { utils } = ssh2;

const MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');
const TYPE = 'ssh-ed25519';

/** Blocks that an unencrypted private key is padded to, in bytes. */
const PADDING_BLOCK = 8;
const LINE_LENGTH = 70;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function counted(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/**
 * A new Ed25519 host key in OpenSSH's private key format (its file PROTOCOL.key), unencrypted: keep it in a file that
 * only its owner can read. Written here because ssh2's own generator cuts public keys that begin with a zero byte.
 */
export function makeHostKey(comment: string = 'latchkey'): string {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  const secret = Buffer.concat([Buffer.from(d, 'base64url'), publicKey]);
  const publicBlob = Buffer.concat([counted(TYPE), counted(publicKey)]);
  // The same random number twice tells a reader of an encrypted key whether it was decrypted.
  const check = randomBytes(4);
  const fields = Buffer.concat([check, check, publicBlob, counted(secret), counted(comment)]);
  const padding = Buffer.alloc((PADDING_BLOCK - (fields.length % PADDING_BLOCK)) % PADDING_BLOCK);
  for (let index = 0; index < padding.length; index++) padding[index] = index + 1;
  const file = Buffer.concat([
    MAGIC,
    counted('none'),
    counted('none'),
    counted(''),
    uint32(1),
    counted(publicBlob),
    counted(Buffer.concat([fields, padding])),
  ]);
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  const marked = (word: string): string => `-----${word} OPENSSH PRIVATE KEY-----`;
  return [marked('BEGIN'), ...lines, marked('END'), ''].join('\n');
}

function parsePrivate(hostKey: string): ssh2.ParsedKey {
  const parsed = utils.parseKey(hostKey);
  if (parsed instanceof Error) throw new Error('the host key cannot be read', { cause: parsed });
  if (!parsed.isPrivateKey()) throw new Error('the host key is a public key');
  const challenge = randomBytes(32);
  if (!parsed.verify(challenge, parsed.sign(challenge)))
    throw new Error('the host key does not fit its public part');
  return parsed;
}

export interface HostKeyIdentity {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** `SHA256:` and unpadded base64, as OpenSSH shows it. */
  readonly fingerprint: string;
  /** Type and base64, as in `known_hosts` behind the host's name. */
  readonly publicKey: string;
}

/** What a person compares and a client stores. Throws when the key cannot be read or is inconsistent. */
export function describeHostKey(hostKey: string): HostKeyIdentity {
  const parsed = parsePrivate(hostKey);
  const blob = parsed.getPublicSSH();
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return {
    type: parsed.type,
    fingerprint: `SHA256:${digest}`,
    publicKey: `${parsed.type} ${blob.toString('base64')}`,
  };
}
