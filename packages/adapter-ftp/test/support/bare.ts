import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CERTIFICATE, PASSWORD, USER } from './fixture.js';
import { RawClient } from './raw-client.js';

/** A process that serves a directory with bare ftp-srv. */
export interface Bare {
  readonly process: ChildProcess;
  readonly root: string;
  readonly handlers: number;
  readonly exited: Promise<void>;
  readonly complaints: () => string;
  connect(): Promise<RawClient>;
  logIn(): Promise<RawClient>;
  close(): Promise<void>;
}

export async function startBare(options: object = {}): Promise<Bare> {
  const root = mkdtempSync(join(tmpdir(), 'bare-ftp-'));
  const tls = { cert: CERTIFICATE.certificate, key: CERTIFICATE.key };
  const program = join(import.meta.dirname, 'bare-server.mjs');
  const child = spawn(process.execPath, [program, root, JSON.stringify({ tls, ...options })]);
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const first = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    void exited.then(() => reject(new Error(complaints)));
  });
  const { port, handlers } = JSON.parse(first) as { port: number; handlers: number };
  const clients: RawClient[] = [];
  const connect = async (): Promise<RawClient> => {
    const client = new RawClient(port);
    clients.push(client);
    await client.expect(220);
    return client;
  };
  return {
    process: child,
    root,
    handlers,
    exited,
    complaints: () => complaints,
    connect,
    async logIn() {
      const client = await connect();
      await client.command(`USER ${USER}`, 331);
      await client.command(`PASS ${PASSWORD}`, 230);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      child.kill('SIGKILL');
      await exited;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What comes of a promise within a while in which a healthy server would have answered many times over. */
export async function orSilence<T>(promise: Promise<T>): Promise<T | 'silence'> {
  return Promise.race([
    promise,
    new Promise<'silence'>((resolve) => setTimeout(() => resolve('silence'), 1_500)),
  ]);
}
