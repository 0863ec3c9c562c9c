// `npm test`: from a bare clone to one line of counts. Needs Node and git; installs the rest.
//
//   node scripts/test.mjs [--long] [--only FOLDER]... [-- FILTER...]
//
// --long sets LATCHKEY_TEST_LONG=1: more rounds, more files, more crashes. --only runs some suites (packages/vault,
// test, ...) and leaves types and style out. The last line is `N passed, N failed`, with `, N skipped` when any.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installClients } from './setup/clients.mjs';
import { installPackages } from './setup/packages.mjs';
import { findSuites, run, runSuite } from './setup/suites.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { long, only, filters } = readArguments(process.argv.slice(2));
const MINUTE = 60_000;
const suiteLimitMs = (long ? 360 : 40) * MINUTE;
const env = {
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  TURBO_CACHE: 'local:rw',
  ...(long ? { LATCHKEY_TEST_LONG: '1' } : {}),
};
const total = { passed: 0, failed: 0, skipped: 0 };
const problems = [];

function readArguments(args) {
  const parsed = { long: false, only: [], filters: [] };
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === '--long') parsed.long = true;
    else if (arg === '--only' && args.length > 0) parsed.only.push(args.shift());
    else if (arg === '--') parsed.filters.push(...args.splice(0));
    else {
      console.error(`test: unknown argument ${arg}`);
      process.exit(2);
    }
  }
  return parsed;
}

function fail(problem) {
  total.failed += 1;
  problems.push(problem);
}

/** A step that is not a suite of tests counts only when it fails. */
async function step(name, script, args) {
  console.log(`\n== ${name}`);
  const program = path.join(root, 'node_modules', '.bin', script);
  if ((await run(program, args, { cwd: root, env, limitMs: 20 * MINUTE })) !== 0) fail(`${name} failed`);
}

async function main() {
  installPackages(root);
  for (const { name, debian, reason } of installClients()) {
    console.log(`skipped: ${name} (Debian package ${debian}): ${reason}`);
  }
  await step('build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--concurrency=2']);
  if (only.length === 0) {
    await step('types', 'turbo', ['run', 'check', '--output-logs=errors-only', '--concurrency=2']);
    await step('style', 'biome', ['check', '.']);
  }
  const suites = findSuites(root).filter((folder) => only.length === 0 || only.includes(folder));
  for (const folder of suites) {
    console.log(`\n== ${folder}`);
    const counts = await runSuite(root, folder, { env, limitMs: suiteLimitMs, filters });
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    problems.push(...counts.problems.map((problem) => `${folder}: ${problem}`));
  }
  if (total.passed === 0 && total.failed === 0) fail('no test ran');
}

try {
  await main();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
console.log('');
for (const problem of problems) console.log(`problem: ${problem}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;
