import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equalBytes } from '../src/bytes.js';
import { nodeProvider } from '../src/node/index.js';
import { portableProvider } from '../src/portable/index.js';
import { makeVectors } from './vectors/make.js';
import { SEGMENT_FILE } from './vectors/segment-file.js';
import type { Vector, VectorFile } from './vectors/vector.js';
import { outcomeOf } from './vectors/writer.js';

const FOLDER = new URL('../vectors/', import.meta.url);

if (process.env.LATCHKEY_WRITE_VECTORS === '1') {
  const { files, segment } = await makeVectors(nodeProvider);
  for (const [name, file] of Object.entries(files)) {
    writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(file, null, 2)}\n`);
  }
  writeFileSync(SEGMENT_FILE, segment);
}

const published: Record<string, VectorFile> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [
      name.slice(0, -5),
      JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as VectorFile,
    ]),
);
const all: readonly Vector[] = Object.values(published).flatMap((file) => file.vectors);

describe('published vectors', () => {
  test('have names of their own', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test('have more failures than successes', () => {
    const failures = all.filter(({ outcome }) => 'error' in outcome).length;
    expect(failures).toBeGreaterThan(all.length - failures);
  });

  test('are what this code makes from the same seeds', async () => {
    const { files, segment } = await makeVectors(nodeProvider);
    expect(JSON.parse(JSON.stringify(files))).toEqual(published);
    expect(equalBytes(Uint8Array.from(readFileSync(SEGMENT_FILE)), segment)).toBe(true);
  });
});

describe.each([
  ['node', nodeProvider],
  ['portable', portableProvider],
])('vectors with the %s provider', (_name, p) => {
  test.each(all.map((vector) => [vector.id, vector] as const))(
    '%s',
    async (_id, { operation, inputs, outcome }) => {
      expect(JSON.parse(JSON.stringify(await outcomeOf(p, operation, inputs)))).toEqual(outcome);
    },
  );
});
