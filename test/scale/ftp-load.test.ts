import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { Client } from 'basic-ftp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLatchkey } from '../servers/latchkey.mjs';

// The program as it runs, watched from outside: its resident memory and its open files.

const MIB = 1024 * 1024;
const TRANSFERS = 50;
const FILE_BYTES = 8 * MIB;
/** More than the idle server has after its first transfer, which is its code, its threads and what opening the vault took. */
const MAX_TRANSFERS_MIB = 200;
const CONNECTIONS = process.env.LATCHKEY_TEST_LONG === '1' ? 2_000 : 600;
/** Until nothing grows any more that is kept on purpose. */
const WARMING_UP = 240;
/** The server takes 16 connections of one address that have not logged in, and counts closed ones for a moment. */
const AT_ONCE = 8;
/** Passive ports that the server keeps open for the next transfers, and what the runtime itself opens late. */
const KEPT_FILES = 40;
const MAX_GROWTH_MIB = 30;

let place: string;
let server: Awaited<ReturnType<typeof startLatchkey>>;

beforeEach(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-load-'));
  server = await startLatchkey(place, { ftp: { tls: 'allow' } });
});

afterEach(async () => {
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

/** Resident memory of the server in MiB. */
function resident(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

function openFiles(): number {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}

async function enter(secure: boolean): Promise<Client> {
  const client = new Client(60_000);
  await client.access({
    host: server.host,
    port: server.ftp?.port ?? 0,
    user: server.user,
    password: server.password,
    secure,
    secureOptions: { rejectUnauthorized: false },
  });
  return client;
}

/** Clients that have logged in, a few at a time. */
async function enterAll(count: number, secure: boolean): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const group = Math.min(AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: group }, () => enter(secure)))));
  }
  return clients;
}

function content(): Readable {
  const piece = randomBytes(MIB);
  return Readable.from(Array.from({ length: FILE_BYTES / MIB }, () => piece));
}

/** Takes everything and keeps nothing; counts. */
class Counter extends Writable {
  bytes = 0;
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytes += chunk.length;
    done();
  }
}

/** A client that logs in, and goes in one of the ways in which clients go. */
async function comeAndGo(turn: number): Promise<void> {
  if (turn % 4 === 0) {
    const client = await enter(turn % 16 === 0);
    if (turn % 8 === 0) await client.list('/');
    client.close();
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const socket = connect(server.ftp?.port ?? 0, server.host);
    let lines = '';
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      lines += chunk.toString('latin1');
      if (lines.startsWith('421')) reject(new Error(lines));
      if (turn % 4 === 1 || lines.includes('\r\n229')) socket.destroy();
    });
    if (turn % 4 === 2) socket.end('QUIT\r\n');
    if (turn % 4 === 3) socket.write(`USER ${server.user}\r\nPASS ${server.password}\r\nEPSV\r\n`);
  });
}

async function crowd(count: number): Promise<void> {
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => comeAndGo(at + index)));
}

describe.runIf(process.platform === 'linux')('the server over FTP', () => {
  it.each([
    ['in clear', false],
    ['over TLS', true],
  ])(`holds ${TRANSFERS} transfers at once %s in ${MAX_TRANSFERS_MIB} MiB`, async (_way, secure) => {
    const first = await enter(secure);
    await first.uploadFrom(content(), '/read-by-all.bin');
    first.close();
    const idle = resident();
    const clients = await enterAll(TRANSFERS, secure);
    let peak = resident();
    const watch = setInterval(() => {
      peak = Math.max(peak, resident());
    }, 20);
    try {
      await Promise.all(
        clients.map(async (client, index) => {
          if (index % 2 === 0) await client.uploadFrom(content(), `/sent-${index}.bin`);
          else {
            const counter = new Counter();
            await client.downloadTo(counter, '/read-by-all.bin');
            expect(counter.bytes).toBe(FILE_BYTES);
          }
          client.close();
        }),
      );
    } finally {
      clearInterval(watch);
    }
    expect(peak - idle).toBeLessThan(MAX_TRANSFERS_MIB);
  });

  it(`keeps nothing of ${CONNECTIONS} clients that have come and gone`, async () => {
    await crowd(WARMING_UP);
    const [files, memory] = [openFiles(), resident()];
    await crowd(CONNECTIONS);
    await expect.poll(openFiles, { timeout: 30_000 }).toBeLessThan(files + KEPT_FILES);
    expect(resident() - memory).toBeLessThan(MAX_GROWTH_MIB);
    const client = await enter(true);
    expect(await client.list('/')).toEqual([]);
    client.close();
  });
});
