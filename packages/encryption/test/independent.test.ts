import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const python = '/usr/bin/python3';
const probe = spawnSync(python, ['-c', 'import cryptography'], { encoding: 'utf8' });
const missing = probe.status !== 0;
if (missing && !process.env.CI) {
  console.warn('the independent check is left out: python3-cryptography is not installed (it must be in CI)');
}

test.runIf(!missing || process.env.CI)(
  'an independent implementation agrees with every published vector',
  () => {
    const script = fileURLToPath(new URL('./independent/verify.py', import.meta.url));
    const run = spawnSync(python, ['-B', script], { encoding: 'utf8' });
    expect(`${run.stdout}${run.stderr}`.trim()).toMatch(
      /^\d{2,} opened, \d{3,} refused, 2 not checked, 0 wrong$/,
    );
    expect(run.status).toBe(0);
  },
);
