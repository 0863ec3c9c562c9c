import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, ROOT, readProjectFile } from '../architecture/sources.js';
import { readBlocks, type Script } from './blocks.js';

const documents = projectFiles().filter((file) =>
  /^[A-Z]+\.md$|^docs\/.*\.md$|^packages\/[^/]+\/README\.md$/.test(file),
);
const blocks = documents.map((document) => readBlocks(document, readProjectFile(document)));
const scripts = blocks.flatMap((found) => found.scripts);

/** Runs a script as its reader would. Everything that it left running ends with it. */
async function runScript(script: Script): Promise<{ status: number | null; output: string }> {
  const place = mkdtempSync(path.join(tmpdir(), 'latchkey-document-'));
  const bin = path.join(place, 'bin');
  const home = path.join(place, 'home');
  const work = path.join(place, 'here');
  for (const folder of [bin, home, work]) mkdirSync(folder);
  const main = path.join(ROOT, 'apps', 'cli', 'dist', 'main.js');
  writeFileSync(path.join(bin, 'latchkey'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(path.join(bin, 'latchkey'), 0o755);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script.text], {
    cwd: work,
    detached: true,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: home, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing was left running.
  }
  rmSync(place, { recursive: true, force: true });
  return { status, output };
}

describe('commands in documents', () => {
  it('say whether a test runs them', () => {
    expect(blocks.flatMap((found) => found.unmarked)).toEqual([]);
  });

  it('stand below their markers', () => {
    expect(blocks.flatMap((found) => found.idle)).toEqual([]);
  });

  it('are run for the README', () => {
    expect(scripts.filter((script) => script.document === 'README.md')).not.toEqual([]);
  });

  it.each(scripts)(
    'work: $document, $name',
    async (script) => {
      const { status, output } = await runScript(script);
      expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
    },
    120_000,
  );
});
