import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that goes with its test. */
export function place(): string {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-guard-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
