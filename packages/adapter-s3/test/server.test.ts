import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { makeSelfSigned } from '@latchkey/server-guard';
import { describe, expect, it } from 'vitest';
import { around } from './support/around.js';
import { type Fixture, type FixtureOptions, startFixture } from './support/fixture.js';
import { send, signed } from './support/signing.js';

async function withServer(options: FixtureOptions, work: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await startFixture(options);
  try {
    await fixture.session.mkdir(['b']);
    await work(fixture);
  } finally {
    await fixture.close();
  }
}

async function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const UNSIGNED = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

describe('the server', () => {
  it('takes a new certificate when the files change, and keeps the old one while they do not fit', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-s3-tls-'));
    const [certificateFile, keyFile] = [join(directory, 'cert'), join(directory, 'key')];
    const [first, second] = [
      makeSelfSigned({ names: ['localhost'] }),
      makeSelfSigned({ names: ['localhost'] }),
    ];
    writeFileSync(certificateFile, first.certificate);
    writeFileSync(keyFile, first.key);
    try {
      await withServer({ tls: { certificateFile, keyFile } }, async ({ port }) => {
        const before = await fingerprint(port);
        writeFileSync(certificateFile, second.certificate);
        expect(await fingerprint(port)).toBe(before);
        writeFileSync(keyFile, second.key);
        expect(await fingerprint(port)).not.toBe(before);
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('counts wrong signatures, not mistakes, and does not talk to who is banned', async () => {
    await withServer({}, async ({ port, throttle }) => {
      const list = { method: 'GET', path: '/b', headers: UNSIGNED };
      await send(port, await signed(port, list, { secretAccessKey: 'x' }));
      await send(port, await signed(port, list, { accessKeyId: 'x' }));
      expect(throttle.failures).toBe(2);
      await send(port, await signed(port, { ...list, path: '/none' }));
      await send(port, await signed(port, list, { region: 'x' }));
      expect(throttle.failures).toBe(2);
      throttle.bannedNow = true;
      expect((await send(port, await signed(port, list))).code).toBe('SlowDown');
    });
  });

  it('stays up when a session breaks, and says nothing about why', async () => {
    const broken = new Error('a secret path');
    await withServer(
      {
        wrap: (session) =>
          around(session, 'entries', () => () => {
            throw broken;
          }),
      },
      async ({ port, log }) => {
        const answer = await send(port, await signed(port, { method: 'GET', path: '/', headers: UNSIGNED }));
        expect([answer.status, answer.code]).toEqual([500, 'InternalError']);
        expect(answer.body).not.toContain('secret');
        expect(log.some((line) => line.details.error === broken)).toBe(true);
        expect(
          (await send(port, await signed(port, { method: 'GET', path: '/b', headers: UNSIGNED }))).status,
        ).toBe(200);
      },
    );
  });

  it('cuts the connection when content fails half-way', async () => {
    const options: FixtureOptions = {
      wrap: (session) =>
        around(session, 'openObject', (target) => async (path) => ({
          ...(await target.openObject(path)),
          async *lend() {
            yield { pieces: [Buffer.alloc(100_000)], giveBack: () => undefined };
            throw new Error('damaged');
          },
        })),
    };
    await withServer(options, async ({ port, session }) => {
      await session.write(['b', 'k'], Buffer.alloc(3_000_000));
      const wire = await signed(port, { method: 'GET', path: '/b/k', headers: UNSIGNED });
      await expect(send(port, wire)).rejects.toThrow(/aborted|reset/);
    });
  });

  it('cuts clients that send nothing, and closes with uploads under way', async () => {
    await withServer({ limits: { idleMs: 100, headersMs: 200 } }, async ({ port }) => {
      const silent = connect(port, '127.0.0.1');
      silent.on('error', () => undefined);
      await new Promise((resolve) => silent.once('close', resolve));
    });
    const fixture = await startFixture();
    await fixture.session.mkdir(['b']);
    const { port } = fixture;
    const headers = { ...UNSIGNED, 'content-length': '1000000' };
    const wire = await signed(port, { method: 'PUT', path: '/b/k', headers });
    const half = send(port, wire, Buffer.alloc(10_000));
    half.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await fixture.close();
    await expect(half).rejects.toThrow();
  });
});
