import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { GetObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { Client as FtpClient } from 'basic-ftp';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, PASSPHRASE, PASSWORD, startLatchkey } from '../servers/latchkey.mjs';

// The program as people run it, at its most talkative, with every kind of login, right and wrong, and a broken store.

/** What people type by mistake is often another password of theirs. */
const MISTYPED = 'another secret of mine 4711';
const CONTENT = 'the content of a private file';

let place: string;
let server: Awaited<ReturnType<typeof startLatchkey>>;
/** Everything that clients were told. */
const told: string[] = [];

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-secrets-'));
  server = await startLatchkey(place, { logLevel: 'debug' });
});
afterAll(async () => {
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

async function overSftp(password: string): Promise<void> {
  const client = new ssh2.Client();
  const { host, port, user } = server;
  await new Promise<void>((resolve) => {
    client.on('error', (error) => {
      told.push(String(error));
      resolve();
    });
    client.on('ready', () => {
      client.sftp((_, sftp) => {
        sftp.readFile('/bucket/file', (error) => {
          if (error) told.push(String(error));
          client.end();
          resolve();
        });
      });
    });
    client.connect({ host, port, username: user, password });
  });
}

async function overFtp(password: string): Promise<void> {
  const client = new FtpClient();
  client.ftp.log = (message) => {
    if (message.startsWith('<')) told.push(message);
  };
  const { host, ftp, user } = server;
  try {
    const secureOptions = { rejectUnauthorized: false };
    await client.access({ host, port: ftp?.port ?? 0, user, password, secure: true, secureOptions });
    await client.ensureDir('/bucket');
    await client.uploadFrom(Readable.from([CONTENT]), '/bucket/written');
    await client.downloadTo(new Writable({ write: (_chunk, _encoding, done) => done() }), '/bucket/file');
  } catch (error) {
    told.push(String(error));
  }
  client.close();
}

async function overS3(secret: string): Promise<void> {
  const { url, region, id } = server.s3 as NonNullable<typeof server.s3>;
  const client = new S3Client({
    endpoint: url,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: id, secretAccessKey: secret },
  });
  try {
    await client.send(new ListBucketsCommand({}));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'file' }));
    await Body?.transformToByteArray();
  } catch (error) {
    told.push(String(error), JSON.stringify(error));
  }
}

async function program(args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const options = { env: { ...server.env, ...env }, cwd: place };
  const result = await promisify(execFile)(process.execPath, [MAIN, ...args], options).catch(
    (error) => error,
  );
  told.push(`${result.stdout}\n${result.stderr}`);
}

async function everyDoor(password: string, secret: string): Promise<void> {
  await overSftp(password);
  await overFtp(password);
  await overS3(secret);
}

/** The end of every segment is changed, so that what is read of a file fails. */
function breakContent(): void {
  const blobs = path.join(server.storage, 'blobs');
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    writeFileSync(file, bytes);
  }
}

/** As it is, in hexadecimal, in both kinds of Base64, and as a part of a URL. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [bytes.toString('base64'), bytes.toString('base64url')].map((text) =>
    text.replace(/=+$/, ''),
  );
  return [
    secret,
    bytes.toString('hex'),
    ...base64,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** The lines of a private key, but for its first ones, which are the same in every key of its kind. */
function keyLines(file: string): string[] {
  const pem =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END/s.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  return pem
    .split('\n')
    .filter((line) => line.length > 32)
    .slice(1);
}

describe('attack 42: whoever reads the log, an error or the list of processes', () => {
  it('finds no passphrase, password, key or content there', async () => {
    const { s3 } = server;
    if (s3 === undefined || server.ftp === undefined) throw new Error('not every protocol is served');
    writeFileSync(path.join(place, 'file'), CONTENT.padEnd(5000, '.'));
    await program(['mkdir', 'vault:/bucket']);
    await program(['cp', path.join(place, 'file'), 'vault:/bucket/file']);
    await everyDoor(PASSWORD, s3.secret);
    await everyDoor(MISTYPED, MISTYPED);
    await fetch(`${s3.url}/bucket/file?X-Amz-Signature=${encodeURIComponent(MISTYPED)}`).then(
      async (answer) => told.push(await answer.text()),
    );
    await program(['ls', 'vault:/'], { LATCHKEY_PASSPHRASE: MISTYPED });
    await program(['info', '--json']);
    await program(['access-key', 'ls', '--json']);
    breakContent();
    await everyDoor(PASSWORD, s3.secret);
    await program(['cat', 'vault:/bucket/file']);
    await program(['check', '--content']);

    const processes = ['cmdline', 'comm', 'status'].map((name) =>
      process.platform === 'linux' ? readFileSync(`/proc/${server.pid}/${name}`, 'utf8') : '',
    );
    const everything = [server.output(), ...processes, ...told].join('\n');
    // The doors were used, and the log speaks of it.
    expect(server.output()).toContain('login');
    expect(told.join('\n')).toMatch(/damaged|Internal/i);

    const secrets = {
      passphrase: spellings(PASSPHRASE),
      password: spellings(PASSWORD),
      mistyped: spellings(MISTYPED),
      'secret access key': spellings(s3.secret),
      content: spellings(CONTENT),
      'host key': keyLines(path.join(place, 'state', 'ssh_host_ed25519_key')),
      'key of the certificate': keyLines(path.join(place, 'state', 'ftp_certificate.pem')),
    };
    const found = Object.entries(secrets).filter(([, texts]) =>
      texts.some((text) => everything.includes(text)),
    );
    expect(found.map(([name]) => name)).toEqual([]);
    for (const [name, texts] of Object.entries(secrets)) expect(texts.length, name).toBeGreaterThan(0);
  });
});
