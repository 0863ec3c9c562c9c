import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLatchkey } from '../servers/latchkey.mjs';
import { makeBucket, sizeOf, WAYS } from './s3-uploads.js';

// The program as it runs, watched from outside: the most resident memory that it has had since it started.

const MIB = 1024 * 1024;
const UPLOADS = 64;
const UPLOAD_BYTES = (process.env.LATCHKEY_TEST_LONG === '1' ? 256 : 4) * MIB;
/** Of everything: the idle server has about 100 of them. */
const MAX_PEAK_MIB = 250;

let place: string;
let server: Awaited<ReturnType<typeof startLatchkey>>;

beforeEach(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-load-'));
  server = await startLatchkey(place);
});

afterEach(async () => {
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

function peak(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

describe.runIf(process.platform === 'linux')('the server over S3', () => {
  it(
    `takes ${UPLOADS} uploads of ${UPLOAD_BYTES / MIB} MiB at once in ${MAX_PEAK_MIB} MiB`,
    async () => {
      const { bavail, bsize } = statfsSync(place);
      expect(bavail * bsize, 'bytes free on the disk').toBeGreaterThan(1.25 * UPLOADS * UPLOAD_BYTES);
      const web = { kind: 's3', ...server.s3 } as const;
      await makeBucket(web, 'uploads');
      const ways = Object.values(WAYS);
      const keys = Array.from({ length: UPLOADS }, (_, index) => `uploads/object-${index}`);
      await Promise.all(keys.map((key, index) => ways[index % ways.length]?.(web, key, UPLOAD_BYTES)));
      for (const key of keys) expect(await sizeOf(web, key)).toBe(UPLOAD_BYTES);
      expect(peak()).toBeLessThan(MAX_PEAK_MIB);
    },
    UPLOAD_BYTES / 128 + 120_000,
  );
});
