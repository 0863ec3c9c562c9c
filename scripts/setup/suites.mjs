// One vitest suite per workspace, run one after another, counted from its JSON report and never from its output.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Every workspace that has a `test` script, the packages first. */
export function findSuites(root) {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group))
      .sort()
      .map((name) => path.join(group, name)),
  );
  return [...folders, 'test'].filter((folder) => {
    const manifest = path.join(root, folder, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).scripts?.test !== undefined;
  });
}

/** Runs a program, its output shown, and resolves with its exit status; null when it was killed or never started. */
export function run(command, args, { cwd, env, limitMs }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const limit = limitMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.on('error', () => resolve(null));
    child.on('exit', (status) => {
      clearTimeout(limit);
      resolve(status);
    });
  });
}

/**
 * Counts one suite's JSON report. What cannot be counted is a failure: no report, no tests, a file that did not
 * load, an exit status that the report does not explain.
 */
export function countReport(report, status) {
  const nothing = { passed: 0, failed: 0, skipped: 0, problems: [] };
  if (report === undefined) return { ...nothing, failed: 1, problems: ['it wrote no report'] };
  const count = nothing;
  for (const file of report.testResults ?? []) {
    const tests = file.assertionResults ?? [];
    for (const test of tests) {
      if (test.status === 'passed') count.passed += 1;
      else if (test.status === 'failed') count.failed += 1;
      else count.skipped += 1;
    }
    if (file.status === 'failed' && !tests.some((test) => test.status === 'failed')) {
      count.failed += 1;
      count.problems.push(`${file.name} failed outside its tests: ${file.message ?? ''}`.trim());
    }
  }
  if (count.passed + count.failed === 0 && count.skipped === 0) {
    count.failed += 1;
    count.problems.push('it ran no tests');
  }
  if (status !== 0 && count.failed === 0) {
    count.failed += 1;
    count.problems.push(`it ended with status ${status} although no test failed`);
  }
  return count;
}

/** Runs the suite in `folder` and returns its counts. `limitMs` ends a suite that hangs. */
export async function runSuite(root, folder, { env, limitMs, filters }) {
  const results = path.join(root, 'test-results');
  mkdirSync(results, { recursive: true });
  const output = path.join(results, `${folder.replaceAll(path.sep, '-')}.json`);
  rmSync(output, { force: true });
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
    ...filters,
  ];
  const status = await run(process.execPath, args, { cwd: path.join(root, folder), env, limitMs });
  return countReport(readReport(output), status);
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
