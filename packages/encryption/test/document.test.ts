import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as format from '../src/index.js';
import type { VectorFile } from './vectors/vector.js';

const document = readFileSync(new URL('../../../docs/format.md', import.meta.url), 'utf8');
const squeezed = document.replace(/\s+/g, '');

describe('docs/format.md', () => {
  test('has every limit with the value that the code enforces', () => {
    const rows = [...document.matchAll(/^\| `([A-Z_]+)`\s*\| (\d+)\s*\|/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]);
    const exported = Object.entries(format).filter(
      ([name, value]) =>
        typeof value === 'number' && /^MAX_|^SEGMENT_MAX$|^CHUNK_BYTES$|^PAGE_TARGET_BYTES$/.test(name),
    );
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(exported));
  });

  test.each([
    ['seal', 'kdf-context', ['key', 'vaultId']],
    ['seal', 'seal-box', ['box', 'plaintext']],
    ['records', 'directory-keys', ['readSecret', 'uid', 'listSecret', 'place']],
    ['records', 'record-by-signature', ['content']],
    ['segments', 'segment-of-nothing', []],
  ] as const)('has the worked example of %s.json, %s', (file, id, names) => {
    const text = readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8');
    const vector = (JSON.parse(text) as VectorFile).vectors.find((candidate) => candidate.id === id);
    if (vector === undefined || !('ok' in vector.outcome)) throw new Error(`no success vector ${id}`);
    expect(document).toContain(`\`${id}\``);
    const values: Record<string, unknown> = { ...vector.inputs, ...vector.outcome.ok };
    for (const name of names) expect(squeezed).toContain(values[name]);
  });

  test('shows the listing and the segment of its examples byte for byte', () => {
    const examples = document.slice(document.indexOf('## Worked examples'));
    const bytes = [...examples.matchAll(/^ {4}(.*)$/gm)]
      .map(([, line = '']) => line.trim().split(/ {2,}/)[0] ?? '')
      .filter((digits) => /^[0-9a-f ]+$/.test(digits))
      .join('')
      .replaceAll(' ', '');
    for (const [file, id, name] of [
      ['records', 'record-by-signature', 'listing'],
      ['segments', 'segment-of-nothing', 'blob'],
    ] as const) {
      const text = readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8');
      const vector = (JSON.parse(text) as VectorFile).vectors.find((candidate) => candidate.id === id);
      const value = String(vector?.inputs[name]);
      expect(bytes).toContain(name === 'blob' ? value.slice(0, 160) : value);
    }
  });
});
