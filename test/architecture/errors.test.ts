import { describe, expect, it } from 'vitest';
import { projectFiles, readProjectFile } from './sources.js';
import { errorTables, parse } from './syntax.js';

/** Error codes by table, as the code has them. */
function tablesInCode(): Map<string, Map<string, string>> {
  const sources = projectFiles().filter((file) => /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(file));
  return new Map(sources.flatMap((file) => [...errorTables(parse(file, readProjectFile(file)))]));
}

/** The same from docs/errors.md: a heading with the table's name in backquotes, rows of code and meaning below it. */
function tablesInDocument(): Map<string, Map<string, string>> {
  const tables = new Map<string, Map<string, string>>();
  let rows: Map<string, string> | undefined;
  for (const line of readProjectFile('docs/errors.md').split('\n')) {
    if (line.startsWith('#')) {
      const name = /`([A-Z_]+ERROR_CODES)`/.exec(line)?.[1];
      rows = name === undefined ? undefined : new Map();
      if (name !== undefined && rows) tables.set(name, rows);
    }
    const row = /^\|\s*`([^`]+)`\s*\|\s*(.*?)\s*\|$/.exec(line);
    if (row?.[1] !== undefined && row[2] !== undefined) rows?.set(row[1], row[2]);
  }
  return tables;
}

describe('docs/errors.md', () => {
  const code = tablesInCode();
  const document = tablesInDocument();

  it('has every table of error codes and no other', () => {
    expect([...document.keys()].sort()).toEqual([...code.keys()].sort());
    expect(code.get('VAULT_ERROR_CODES')?.size).toBeGreaterThan(10);
  });

  it.each([...code.keys()])('has the codes of %s with their meanings', (name) => {
    expect(Object.fromEntries(document.get(name) ?? [])).toEqual(Object.fromEntries(code.get(name) ?? []));
  });
});
