import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packagesAreCurrent } from '../../scripts/setup/packages.mjs';
import { countReport, findSuites } from '../../scripts/setup/suites.mjs';
import { projectFiles, ROOT } from '../architecture/sources.js';

const suite = (...statuses: string[]) => ({
  name: 'a.test.ts',
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
});

describe('counting a suite', () => {
  it('adds up what its report says', () => {
    const report = {
      testResults: [suite('passed', 'passed', 'skipped'), suite('failed', 'passed', 'pending')],
    };
    expect(countReport(report, 1)).toMatchObject({ passed: 3, failed: 1, skipped: 2, problems: [] });
  });

  it.each([
    ['no report', undefined, 0],
    ['no tests', { testResults: [] }, 0],
    ['a file without tests', { testResults: [suite()] }, 0],
    ['a status that no test explains', { testResults: [suite('passed')] }, 1],
    ['a suite that was killed', { testResults: [suite('passed')] }, null],
    [
      'a file that did not load',
      { testResults: [{ ...suite(), status: 'failed', message: 'no such module' }, suite('passed')] },
      1,
    ],
  ])('fails on %s', (_what, report, status) => {
    const counts = countReport(report, status);
    expect(counts.failed).toBe(1);
    expect(counts.problems).toHaveLength(1);
  });

  it('covers every workspace that has tests', () => {
    const withTests = new Set(
      projectFiles()
        .filter((file) => file.endsWith('.test.ts'))
        .map((file) => (file.startsWith('test/') ? 'test' : file.split('/').slice(0, 2).join('/'))),
    );
    expect(findSuites(ROOT)).toEqual(expect.arrayContaining([...withTests]));
  });
});

describe('installed packages', () => {
  const place = mkdtempSync(path.join(tmpdir(), 'latchkey-packages-'));
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  const lock = (packages: object) => JSON.stringify({ packages: { '': { name: 'sample' }, ...packages } });
  const write = (have: object | undefined, want: object): boolean => {
    rmSync(path.join(place, 'node_modules'), { recursive: true, force: true });
    writeFileSync(path.join(place, 'package-lock.json'), lock(want));
    if (have) {
      mkdirSync(path.join(place, 'node_modules'));
      writeFileSync(path.join(place, 'node_modules', '.package-lock.json'), lock(have));
    }
    return packagesAreCurrent(place);
  };
  const one = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };

  it.each([
    ['never installed', undefined, one, false],
    ['the same', one, one, true],
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } }, one, false],
    ['one too few', {}, one, false],
    [
      'an optional one of another platform',
      one,
      { ...one, 'node_modules/b': { version: '1.0.0', optional: true } },
      true,
    ],
  ])('%s', (_what, have, want, current) => {
    expect(write(have, want)).toBe(current);
  });
});
