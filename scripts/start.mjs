// `npm start`: from a bare clone to a vault that SFTP, FTP and S3 clients can open. Needs Node and git; installs the rest.
//
//   node scripts/start.mjs [FOLDER]
//
// FOLDER (./demo) holds the vault and its credentials, readable by its owner only; the next start uses it again.
// Ctrl-C stops the server.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { instructions } from './demo/instructions.mjs';
import { env, filesOf, latchkey, program, root } from './demo/place.mjs';
import { freePort, prepare, requireUnserved, secretFile } from './demo/prepare.mjs';
import { installPackages } from './setup/packages.mjs';

const FIRST_PORTS = { sftp: 2022, ftp: 2121, s3: 8333 };
const files = filesOf(path.resolve(process.argv[2] ?? path.join(root, 'demo')));

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Node 20.19 or newer is needed; this is ${process.versions.node}`);
}

function build() {
  const turbo = path.join(root, 'node_modules', '.bin', 'turbo');
  const args = ['run', 'build', '--filter=@latchkey/cli', '--output-logs=errors-only'];
  const quiet = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  console.log('building');
  const done = spawnSync(turbo, args, {
    cwd: root,
    env: { ...env, ...quiet, TURBO_CACHE: 'local:rw' },
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`the build failed\n${done.stdout ?? done.error}`);
}

/** Runs the server until a signal, which is passed on. Returns its exit status. */
async function serve(ports) {
  const child = spawn(process.execPath, [program, 'serve', '--log', 'json'], {
    cwd: files.demo,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
    // A group of its own: Ctrl-C reaches it once, through us.
    detached: true,
  });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass);
  process.on('SIGHUP', () => pass('SIGTERM'));
  process.on('exit', () => pass('SIGTERM'));
  let pending = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) tell(line, ports);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** A line of the server's log, for a person. */
function tell(line, ports) {
  const event = parsed(line);
  if (event === undefined) {
    console.error(line);
  } else if (event.message === 'listening') {
    writeClientFiles();
    console.log(`listening on ${event.url}, host key ${event.hostKey}`);
    console.log(instructions(files, ports, accessKeyId()));
  } else {
    const { time, level, message, ...details } = event;
    const rest = Object.entries(details).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
    console.log(`${String(time).slice(11, 19)} ${level} ${message}${rest.join('')}`);
  }
}

/** What clients need, apart from the user's own settings. Possible once the server has made its keys. */
function writeClientFiles() {
  writeFileSync(files.knownHosts, latchkey(files, ['connect', 'known-hosts', '--quiet']));
  const settings = latchkey(files, ['connect', 'openssh', '--identity', files.key, '--quiet']);
  writeFileSync(files.certificate, latchkey(files, ['connect', 'certificate', '--quiet']));
  writeFileSync(files.sshConfig, `${settings}  UserKnownHostsFile "${files.knownHosts}"\n`);
  secretFile(files.awsConfig, latchkey(files, ['connect', 'aws', '--quiet']));
  secretFile(files.rcloneConfig, latchkey(files, ['connect', 'rclone', '--s3', '--quiet']));
}

function accessKeyId() {
  return JSON.parse(latchkey(files, ['access-key', 'show', '--json'])).id;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

try {
  requireNode();
  installPackages(root);
  build();
  await requireUnserved(files);
  const ports = {
    sftp: await freePort(FIRST_PORTS.sftp),
    ftp: await freePort(FIRST_PORTS.ftp),
    s3: await freePort(FIRST_PORTS.s3),
  };
  await prepare(files, ports);
  process.exitCode = await serve(ports);
} catch (error) {
  console.error(`start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
