import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLevel } from '@latchkey/server-guard';
import {
  describeHostKey,
  makeHostKey,
  type SftpLimits,
  SftpServer,
  type UserDirectory,
} from '../../src/index.js';
import { MemorySession } from '../memory-session.js';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A server on a memory session, with the files that clients need in a directory of its own. */
export interface Fixture {
  readonly server: SftpServer;
  readonly vault: MemorySession;
  readonly port: number;
  readonly directory: string;
  readonly userKey: string;
  readonly userKeyFile: string;
  readonly knownHosts: string;
  readonly log: LogLine[];
  close(): Promise<void>;
}

export const USER = 'ada';
export const PASSWORD = 'correct horse';

export interface FixtureOptions {
  readonly limits?: Partial<SftpLimits>;
  readonly users?: UserDirectory;
  readonly hostKey?: string;
}

export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-sftp-'));
  const vault = new MemorySession();
  const userKey = makeHostKey('user');
  const userKeyFile = join(directory, 'id_ed25519');
  writeFileSync(userKeyFile, userKey, { mode: 0o600 });
  const { publicKey } = describeHostKey(userKey);
  const log: LogLine[] = [];
  const server = await SftpServer.listen({
    hostKey: options.hostKey ?? makeHostKey(),
    users: options.users ?? {
      verifyPassword: async (user, password) => (user === USER && password === PASSWORD ? vault : undefined),
      authorizedKeys: (user) =>
        user === USER ? { keys: [`${publicKey} ada@example`], session: vault } : undefined,
    },
    logger: (level, message, details = {}) => log.push({ level, message, details }),
    limits: { loginDelayMs: 1, ...options.limits },
  });
  const { port } = server.address;
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${server.hostKey.publicKey}\n`);
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { server, vault, port, directory, userKey, userKeyFile, knownHosts, log, close };
}

/** Polls until `condition` holds. Rejects after half a minute, so that a test that hangs says what it waited for. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain: ${what}`);
}
