import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
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
}

/** Closed behind the test. */
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
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    child.kill('SIGKILL');
    await exited;
    rmSync(root, { recursive: true, force: true });
  });
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
  };
}

/** What comes of a promise within a while in which a healthy server would have answered many times over. */
export async function orSilence<T>(promise: Promise<T>): Promise<T | 'silence'> {
  return Promise.race([
    promise,
    new Promise<'silence'>((resolve) => setTimeout(() => resolve('silence'), 1_500)),
  ]);
}

/** A passive data connection, asked for with PASV, which both servers have. */
export async function pasv(client: RawClient): Promise<Socket> {
  const { lines } = await client.command('PASV', 227);
  const [high = 0, low = 0] = (/(\d+),(\d+)\)/.exec(lines[0] ?? '') ?? []).slice(1).map(Number);
  const socket = connectTcp(high * 256 + low, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
