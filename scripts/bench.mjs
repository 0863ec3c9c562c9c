// `npm run bench`: installs and builds what is missing, then measures. Arguments go to test/bench/main.mjs.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installClients } from './setup/clients.mjs';
import { installPackages } from './setup/packages.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
installPackages(root);
installClients();
const quiet = {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
};
const built = spawnSync(
  path.join(root, 'node_modules', '.bin', 'turbo'),
  ['run', 'build', '--output-logs=errors-only'],
  quiet,
);
if (built.status !== 0) process.exit(1);
const measured = spawnSync(
  process.execPath,
  [path.join(root, 'test', 'bench', 'main.mjs'), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exit(measured.status ?? 1);
