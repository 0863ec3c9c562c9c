// pyftpdlib's own functional tests, against `latchkey serve`. Not a part of `npm test`: it asks PyPI for pyftpdlib, and
// it needs FUSE, for its tests look into the folder that is served.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { program, pythonWith } from '../../scripts/setup/clients.mjs';
import { startLatchkey } from '../servers/latchkey.mjs';

const PYFTPDLIB = 'pyftpdlib==2.2.0';
const PACKAGES = [PYFTPDLIB, 'pytest==9.2.0', 'psutil==7.2.2'];
/** What a client can see of a server; the rest sets options of pyftpdlib's own or looks into it. */
const CLASSES = [
  'TestFtpDummyCmds',
  'TestFtpCmdsSemantic',
  'TestFtpFsOperations',
  'TestFtpStoreData',
  'TestFtpRetrieveData',
  'TestFtpListingCmds',
  'TestFtpAbort',
  'TestIPv4Environment',
  'TestCornerCases',
  // Last: whoever fails to log in waits from then on.
  'TestFtpAuthentication',
];

const here = path.dirname(fileURLToPath(import.meta.url));
const place = mkdtempSync(path.join(tmpdir(), 'latchkey-pyftpdlib-'));
mkdirSync(path.join(place, 'server'));

function must(command, args, options = {}) {
  const done = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (done.status !== 0) throw new Error(`${command} ${args[0]} ended with status ${done.status}`);
}

function needed(what, found) {
  if (!found) throw new Error(`${what} is needed and not there`);
  return found;
}

/** A Python with pyftpdlib, and beside it the sources with the tests, which are not installed with it. */
function install() {
  const folder = path.join(place, 'python');
  must(needed('Python with venv', pythonWith('venv')), ['-m', 'venv', folder]);
  const python = path.join(folder, 'bin', 'python');
  const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check'];
  must(python, [...pip, 'install', ...PACKAGES]);
  must(python, [...pip, 'download', '--no-deps', '--no-binary', ':all:', '--dest', place, PYFTPDLIB]);
  const name = PYFTPDLIB.replace('==', '-');
  must('tar', ['-xzf', path.join(place, `${name}.tar.gz`), '-C', place]);
  return { python, sources: path.join(place, name) };
}

/** Mounts the vault and returns the folder and how to end it. */
async function mount(server) {
  needed('/dev/fuse', existsSync('/dev/fuse'));
  const folder = path.join(place, 'vault');
  mkdirSync(folder);
  const outside = statSync(folder).dev;
  const ssh = [
    `IdentityFile=${server.keyFile}`,
    `UserKnownHostsFile=${server.knownHosts}`,
    'IdentityAgent=none',
  ];
  const options = [
    '-f',
    '-s',
    '-odir_cache=no,attr_timeout=0,entry_timeout=0,idmap=user',
    `-o${ssh.join(',')}`,
  ];
  const args = [`${server.user}@${server.host}:/`, folder, '-p', String(server.port), ...options];
  const child = spawn(needed('sshfs', program('sshfs')), args, { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  while (statSync(folder).dev === outside) {
    if (child.exitCode !== null) throw new Error(`sshfs ended with status ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const unmount = async () => {
    spawnSync('fusermount3', ['-u', '-z', folder]);
    await ended;
  };
  return { folder, unmount };
}

let failed = true;
try {
  const { python, sources } = install();
  const server = await startLatchkey(path.join(place, 'server'), { ftp: { tls: 'allow' } });
  const { folder, unmount } = await mount(server);
  try {
    const file = path.join(sources, 'tests', 'test_functional.py');
    const chosen = CLASSES.map((name) => `${file}::${name}`);
    const args = [
      '-m',
      'pytest',
      '-c',
      '/dev/null',
      '--rootdir',
      sources,
      '-p',
      'latchkey_server',
      '-p',
      'no:cacheprovider',
      '-rxX',
      '--tb=short',
      '--noconftest',
    ];
    const done = spawnSync(python, [...args, ...process.argv.slice(2), ...chosen], {
      cwd: folder,
      stdio: 'inherit',
      env: {
        ...process.env,
        PYTHONPATH: `${here}${path.delimiter}${sources}`,
        PYTHONDONTWRITEBYTECODE: '1',
        LATCHKEY_FTP_HOST: server.host,
        LATCHKEY_FTP_PORT: String(server.ftp?.port),
        LATCHKEY_FTP_USER: server.user,
        LATCHKEY_FTP_PASSWORD: server.password,
      },
    });
    failed = done.status !== 0;
  } finally {
    await unmount();
    await server.stop();
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
