import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { nodeProvider } from '@latchkey/encryption/node';
import type { LoginThrottle, LogLevel } from '@latchkey/server-guard';
import { MemoryStore } from '@latchkey/store';
import { type ObjectSession, Vault } from '@latchkey/vault';
import { S3Server, type S3ServerOptions } from '../../src/index.js';

export const ACCESS_KEY = 'LATCHKEYEXAMPLE';
export const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
export const REGION = 'us-east-1';

const KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Counts failures and makes nobody wait. */
export class CountingThrottle implements Pick<LoginThrottle, 'begin' | 'banned'> {
  failures = 0;
  bannedNow = false;
  begin(): number {
    this.failures += 1;
    return 0;
  }
  banned(): boolean {
    return this.bannedNow;
  }
}

export interface Fixture {
  readonly server: S3Server;
  readonly session: ObjectSession;
  readonly store: MemoryStore;
  readonly port: number;
  readonly url: string;
  readonly throttle: CountingThrottle;
  readonly log: LogLine[];
  client(config?: S3ClientConfig): S3Client;
  close(): Promise<void>;
}

export type FixtureOptions = Partial<S3ServerOptions> & {
  /** Puts something between the server and the vault. */
  readonly wrap?: (session: ObjectSession) => ObjectSession;
  /** With the vault of an earlier server. */
  readonly store?: MemoryStore;
};

/** A server on a real vault in memory, with one user. */
export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const { wrap, store: earlier, ...rest } = options;
  const store = earlier ?? new MemoryStore({ capacity: 1024 * 1024 * 1024 });
  const opening = { store, provider: nodeProvider, passphrase: 'a passphrase' };
  const vault = await (earlier === undefined ? Vault.create({ ...opening, kdf: KDF }) : Vault.open(opening));
  const session = vault.session();
  const served = wrap?.(session) ?? session;
  const log: LogLine[] = [];
  const throttle = new CountingThrottle();
  const server = await S3Server.listen({
    credentials: {
      find: async (id) =>
        id === ACCESS_KEY ? { user: 'ada', secretAccessKey: SECRET_KEY, session: served } : undefined,
    },
    throttle,
    logger: (level, message, details = {}) => log.push({ level, message, details }),
    ...rest,
  });
  const { port } = server.address;
  const scheme = options.tls === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${port}`;
  const clients: S3Client[] = [];
  const client = (config: S3ClientConfig = {}): S3Client => {
    const made = new S3Client({
      endpoint: url,
      region: REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
      maxAttempts: 1,
      ...config,
    });
    clients.push(made);
    return made;
  };
  const close = async (): Promise<void> => {
    for (const one of clients) one.destroy();
    await server.close();
    await vault.close();
  };
  return { server, session, store, port, url, throttle, log, client, close };
}

/** The content of a file in the vault. */
export async function content(session: ObjectSession, ...path: string[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of session.read(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export function bytes(length: number, seed = 1): Buffer {
  return Buffer.from(new Uint8Array(length).map((_, index) => (index * 131 + (index >> 8) + seed) & 255));
}
