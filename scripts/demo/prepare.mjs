// Makes the demo: credentials that only their owner can read, a configuration, a vault with something in it.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { HOST, latchkey, USER } from './place.mjs';

/** The status of `latchkey init` where a vault is already: an earlier start was interrupted after making it. */
const REFUSED = 6;
const WELCOME = `This file is encrypted in the vault's directory.
Nothing in there shows its name, its date, or a word of it.
`;

/** `ports`: of SFTP, FTP and S3. */
export async function prepare(files, ports) {
  mkdirSync(files.demo, { recursive: true, mode: 0o700 });
  for (const file of [files.passphrase, files.password]) {
    if (!existsSync(file)) secretFile(file, `${randomSecret()}\n`);
  }
  if (!existsSync(files.key)) await makeKey(files.key);
  configure(files, ports);
  if (existsSync(files.complete)) return;
  console.log('making a demo vault');
  latchkey(files, ['init', '--quiet'], { accept: [REFUSED] });
  latchkey(files, ['mkdir', '-p', 'vault:/photos']);
  latchkey(files, ['cp', '-', 'vault:/welcome.txt'], { input: WELCOME });
  writeFileSync(files.complete, '');
}

/** 120 bits, in groups that can be typed. */
function randomSecret() {
  return randomBytes(15)
    .toString('hex')
    .replace(/(.{6})(?=.)/g, '$1-');
}

/** Writes a file that only its owner can read. */
export function secretFile(file, content) {
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
}

async function makeKey(file) {
  const { default: ssh2 } = await import('ssh2');
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'latchkey demo' });
  writeFileSync(`${file}.pub`, `${pair.public}\n`);
  // The private half last: its being there says that both are.
  secretFile(file, pair.private);
}

function configure(files, ports) {
  const settings = (users) => `# Written anew by every npm start.
vault = "vault"
state = "state"
passphrase-file = "passphrase"

[sftp]
host = "${HOST}"
port = ${ports.sftp}

[ftp]
port = ${ports.ftp}
# Clients without TLS are let in, too: only this machine reaches the demo.
tls = "allow"

[s3]
port = ${ports.s3}
${users}`;
  // Twice, because the program that hashes the password reads this file too.
  secretFile(files.configuration, settings(''));
  const hash = latchkey(files, ['password', '--from-file', files.password]).trim();
  const user = `
[[users]]
name = "${USER}"
password = "${hash}"
authorized-keys-file = "${path.basename(files.key)}.pub"
`;
  secretFile(files.configuration, settings(user));
}

/** The first free port from `first` on. */
export async function freePort(first) {
  for (let port = first; port < first + 100; port += 1) {
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, HOST, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`no port from ${first} to ${first + 99} is free`);
}

/** Refuses a demo that is being served: its files would be rewritten under the running server. */
export async function requireUnserved(files) {
  if (!existsSync(files.configuration) || !existsSync(files.knownHosts)) return;
  const port = /^\[sftp\][^[]*^port = (\d+)$/m.exec(readFileSync(files.configuration, 'utf8'))?.[1];
  if (port === undefined) return;
  const key = await hostKeyAt(Number(port));
  if (key === undefined || !readFileSync(files.knownHosts, 'utf8').includes(` ${key}`)) return;
  throw new Error(
    `${files.demo} is served already, at port ${port}; stop that one with Ctrl-C, or name another folder: npm start FOLDER`,
  );
}

/** The public host key, in base64, of the SSH server at a port of this machine; undefined where there is none. */
async function hostKeyAt(port) {
  const { default: ssh2 } = await import('ssh2');
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    client.on('error', () => resolve(undefined));
    client.on('close', () => resolve(undefined));
    client.connect({
      host: HOST,
      port,
      username: USER,
      readyTimeout: 5000,
      hostVerifier: (key) => {
        resolve(key.toString('base64'));
        return false;
      },
    });
  });
}
