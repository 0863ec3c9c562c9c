import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

test('nothing outside src/node needs Node, so everything else runs in a browser', () => {
  const portable = files(source).filter((path) => !path.startsWith(join(source, 'node')));
  expect(portable.length).toBeGreaterThan(20);
  const bound = portable.filter((path) =>
    /from 'node:|\bBuffer\b|\bprocess\.|\brequire\(|src\/node|'\.{1,2}\/node\//.test(
      readFileSync(path, 'utf8'),
    ),
  );
  expect(bound).toEqual([]);
});
