import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/registry.js';
import { DEFAULT_LIMITS, REPLY_OF_VAULT_ERROR } from '../src/index.js';

const document = readFileSync(new URL('../../../docs/ftp.md', import.meta.url), 'utf8');

/** Cells of the table below a heading. */
function table(heading: string): string[][] {
  const section = document.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

test('the table of commands is that of the code', () => {
  const written = table('Commands').map(([usage = '', help = '']) => [usage.replaceAll('`', ''), help]);
  const inCode = Object.entries(COMMANDS).map(([verb, { syntax, help }]) => [
    `${verb} ${syntax}`.trim(),
    help,
  ]);
  expect(written).toEqual(inCode);
});

test('the table of limits names every limit with its default', () => {
  const written = new Map(
    table('Limits').map(([option = '', value = '']) => [option.replaceAll('`', ''), value]),
  );
  const inCode = Object.entries(DEFAULT_LIMITS).map(([name, value]) => [name, String(value)] as const);
  expect(written).toEqual(new Map(inCode));
});

test('the table of replies is that of the code', () => {
  const written = table('Replies').flatMap(([errors = '', code = '']) =>
    [...errors.matchAll(/`([a-z-]+)`/g)].map(([, error]) => [error, Number(code)] as const),
  );
  expect(new Map(written)).toEqual(new Map(Object.entries(REPLY_OF_VAULT_ERROR)));
});
