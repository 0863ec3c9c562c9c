import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { nodeProvider } from '@latchkey/encryption/node';
import { LoginDelays, type LogLevel, makeSelfSigned, type SelfSigned } from '@latchkey/server-guard';
import { MemoryStore } from '@latchkey/store';
import { Vault, type VaultSession } from '@latchkey/vault';
import { onTestFinished } from 'vitest';
import { FtpServer, type FtpServerOptions } from '../../src/index.js';
import { RawClient } from './raw-client.js';

export const USER = 'ada';
export const PASSWORD = 'correct horse';

const KDF = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

/** One certificate for all tests of a file. */
export const CERTIFICATE: SelfSigned = makeSelfSigned({ names: ['localhost', '127.0.0.1'] });

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Fixture {
  readonly server: FtpServer;
  readonly vault: VaultSession;
  readonly port: number;
  readonly directory: string;
  readonly throttle: LoginDelays;
  readonly log: LogLine[];
  /** A client that has read the greeting. */
  connect(): Promise<RawClient>;
  /** One that has logged in, too. */
  logIn(): Promise<RawClient>;
  close(): Promise<void>;
}

export type FixtureOptions = Partial<FtpServerOptions> & {
  /** Puts something between the server and the vault. */
  readonly wrap?: (session: VaultSession) => VaultSession;
};

/** A server on a real vault in memory. TLS is allowed, not required, unless the options say otherwise. */
export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const { wrap, ...rest } = options;
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-ftp-'));
  const store = new MemoryStore({ capacity: 1024 * 1024 * 1024 });
  const opened = await Vault.create({ store, provider: nodeProvider, passphrase: 'a passphrase', kdf: KDF });
  const vault = opened.session();
  const served = wrap?.(vault) ?? vault;
  const log: LogLine[] = [];
  const throttle = new LoginDelays(1, 5);
  const server = await FtpServer.listen({
    users: {
      verifyPassword: async (user, password) => (user === USER && password === PASSWORD ? served : undefined),
    },
    throttle,
    tls: { mode: 'allow', certificate: CERTIFICATE },
    logger: (level, message, details = {}) => log.push({ level, message, details }),
    ...rest,
  });
  const clients: RawClient[] = [];
  const connect = async (): Promise<RawClient> => {
    const client = new RawClient(server.address.port);
    clients.push(client);
    await client.expect(220);
    return client;
  };
  const logIn = async (): Promise<RawClient> => {
    const client = await connect();
    await client.command(`USER ${USER}`, 331);
    await client.command(`PASS ${PASSWORD}`, 230);
    return client;
  };
  const close = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    await server.close();
    await opened.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { server, vault, port: server.address.port, directory, throttle, log, connect, logIn, close };
}

/** As {@link startFixture}, and closed behind the test. */
export async function start(options: FixtureOptions = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  onTestFinished(() => fixture.close());
  return fixture;
}

/** Logs in with TLS on both connections. */
export async function secureLogIn(
  fixture: Fixture,
  options: ConnectionOptions = {},
): Promise<{ client: RawClient; control: TLSSocket }> {
  const client = await fixture.connect();
  const control = await client.startTls(options);
  await client.command(`USER ${USER}`, 331);
  await client.command(`PASS ${PASSWORD}`, 230);
  await client.command('PBSZ 0', 200);
  await client.command('PROT P', 200);
  return { client, control };
}

/** The content of a file in the vault. */
export async function content(vault: VaultSession, ...path: string[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of vault.read(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function put(
  vault: VaultSession,
  path: readonly string[],
  bytes: string | Uint8Array,
): Promise<void> {
  await vault.write(path, Buffer.from(bytes), { parents: true });
}

/** Waits for something that happens on the other side of a socket. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}
