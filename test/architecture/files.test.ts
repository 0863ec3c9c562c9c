import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSource, projectFiles, readProjectFile } from './sources.js';
import { defaultExports, parse } from './syntax.js';

const MAX_LINES = 500;
/** Names that say nothing of what a file holds. */
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|manager)(\.|$)/;
/** Tools that want their configuration as a default export. */
const CONFIGURATION = /(^|\/)vitest\.config\.ts$/;

const files = projectFiles();
const sources = files.filter(isSource);
const texts = files.filter((file) => !/\.(png|ico|bin|woff2?)$/.test(file));

/** Places in which a pattern occurs, as file:line. */
function occurrences(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    readProjectFile(file)
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  );
}

describe('files', () => {
  it(`have at most ${MAX_LINES} lines`, () => {
    expect(sources.filter((file) => readProjectFile(file).trimEnd().split('\n').length > MAX_LINES)).toEqual(
      [],
    );
  });

  it('have names that say what they hold', () => {
    expect(files.filter((file) => file.split('/').some((part) => EMPTY_NAMES.test(part)))).toEqual([]);
  });

  it('have no default exports', () => {
    const found = sources
      .filter((file) => !CONFIGURATION.test(file))
      .flatMap((file) => defaultExports(parse(file, readProjectFile(file))).map((line) => `${file}:${line}`));
    expect(found).toEqual([]);
  });

  it('have no default export in any of its forms (the check can fail)', () => {
    for (const text of [
      'export default 1;',
      'export default function f() {}',
      'const a = 1; export { a as default };',
    ]) {
      expect(defaultExports(parse('sample.ts', text))).toEqual([1]);
    }
  });

  it('switch no test off', () => {
    const off = /\b(it|test|describe|suite)\.(skip|todo|only|fails)\b/;
    expect(
      occurrences(
        off,
        sources.filter((file) => file.endsWith('.test.ts')),
      ),
    ).toEqual([]);
  });

  it('leave nothing undone in a comment', () => {
    expect(occurrences(/(\/\/|\*|#).*\b(TO)DO\b|\bFIX(ME)\b/, sources)).toEqual([]);
  });

  it('name no host of a package registry', () => {
    const hosts = /registry[.]npm|npmjs[.]org|deb[.]debian|proxy[.]golang|pypi[.]org|crates[.]io/;
    expect(occurrences(hosts, texts)).toEqual([]);
  });

  it('name no path of the machine they were written on', () => {
    expect(occurrences(/(?<![\w.*~})-])[/](work|farm|root|Users)[/]/, texts)).toEqual([]);
  });
});

describe('package-lock.json', () => {
  it('names packages by version and digest, not by the address they came from', () => {
    const lock = JSON.parse(readProjectFile('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
    };
    const entries = Object.entries(lock.packages).filter(([place]) => place.includes('node_modules/'));
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.filter(([, entry]) => /^[a-z+]+:/.test(entry.resolved ?? ''))).toEqual([]);
    expect(entries.filter(([, entry]) => !entry.link && !entry.integrity)).toEqual([]);
  });
});

describe('workspaces', () => {
  it('have the same scripts', () => {
    const manifests = files.filter((file) => /^(packages|apps)\/[^/]+\/package\.json$/.test(file));
    expect(manifests.length).toBeGreaterThan(5);
    for (const file of manifests) {
      const { scripts } = JSON.parse(readProjectFile(file)) as { scripts: Record<string, string> };
      expect(Object.keys(scripts), path.dirname(file)).toEqual(
        expect.arrayContaining(['build', 'check', 'test']),
      );
    }
  });
});
