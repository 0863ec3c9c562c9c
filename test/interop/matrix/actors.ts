import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { CopyObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { TestContext } from 'vitest';
import { MAIN } from '../../servers/latchkey.mjs';
import type { Client, Seen, Target } from '../client.js';
import { ftplib } from '../clients/ftplib.js';
import { lftpFtp } from '../clients/lftp.js';
import { sshOptions } from '../clients/openssh.js';
import { paramiko } from '../clients/paramiko.js';
import { requireProgram, requirePython, succeed } from '../run.js';
import { addressOf } from '../s3/client.js';
import { sdk } from '../s3/clients/sdk.js';
import { pathOf, type VaultObserver } from '../vault.js';
import type { Actor } from './actor.js';

export interface Surroundings {
  readonly target: Target;
  /** Of the command line. */
  readonly env: Readonly<Record<string, string>>;
  readonly library: VaultObserver;
  readonly scratch: string;
}

/** A client that can do everything. */
type Whole = Client & Required<Pick<Client, 'names' | 'see' | 'rename' | 'resumePut' | 'resumeGet'>>;

function isWhole(client: Client): client is Whole {
  return [client.names, client.see, client.rename, client.resumePut, client.resumeGet].every(
    (method) => method !== undefined,
  );
}

/** What every protocol's client has, as an actor. */
function clientActor(client: Client, name: string, sha256: (remote: string) => Promise<string>): Actor {
  if (!isWhole(client)) throw new Error(`${client.name} cannot do everything`);
  return {
    name,
    put: client.put,
    get: client.get,
    names: client.names,
    see: client.see,
    sha256,
    rename: client.rename,
    resumePut: client.resumePut,
    resumeGet: client.resumeGet,
    close: async () => client.close?.(),
  };
}

/** The digest in what a client printed of the server's answer. */
function digestIn(output: unknown): string {
  return /\b[0-9a-f]{64}\b/.exec(String(output).toLowerCase())?.[0] ?? `no digest in ${String(output)}`;
}

function sftpActor({ target }: Surroundings, python: string, ssh: string): Actor {
  const to = [...sshOptions(target, { key: target.keyFile }), '-p', String(target.port)];
  return clientActor(paramiko(python, target), 'SFTP', async (remote) =>
    digestIn(await succeed(ssh, [...to, `${target.user}@${target.host}`, `sha256sum ${remote}`])),
  );
}

function ftpActor({ target }: Surroundings, python: string): Actor {
  const client = ftplib(python, target, 'plain');
  return clientActor(client, 'FTP', async (remote) =>
    digestIn(await client.command('send', `HASH ${remote}`)),
  );
}

function ftpsActor({ target, scratch }: Surroundings, program: string): Actor {
  const client = lftpFtp(program, target, scratch, 'implicit');
  return clientActor(client, 'FTPS', async (remote) => digestIn(await client.script(`quote HASH ${remote}`)));
}

function commandLineActor({ env }: Surroundings): Actor {
  const cli = (...args: string[]): Promise<string> => succeed(process.execPath, [MAIN, ...args], { env });
  const rows = async (remote: string): Promise<{ name: string; size: number; modified: string }[]> =>
    (await cli('ls', '--json', `vault:${remote}`))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return {
    name: 'command line',
    put: async (local, remote) => void (await cli('cp', local, `vault:${remote}`)),
    get: async (remote, local) => void (await cli('cp', `vault:${remote}`, local)),
    names: async (directory) => (await rows(directory)).map(({ name }) => name),
    see: async (remote) => {
      const [row] = await rows(remote);
      return { size: row?.size ?? -1, modified: Math.floor(Date.parse(row?.modified ?? '') / 1000) };
    },
    sha256: async (remote) => {
      const bytes = await cli('cat', `vault:${remote}`);
      return createHash('sha256').update(bytes).digest('hex');
    },
    rename: async (from, to) => void (await cli('mv', `vault:${from}`, `vault:${to}`)),
    close: async () => undefined,
  };
}

function libraryActor({ library: { session } }: Surroundings): Actor {
  const modified = (local: string): { seconds: number; nanoseconds: number } => ({
    seconds: Math.floor(statSync(local).mtimeMs / 1000),
    nanoseconds: 0,
  });
  const readFrom = async (remote: string, offset: number): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of session.read(pathOf(remote), { offset })) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };
  return {
    name: 'library',
    put: async (local, remote) => {
      const attributes = { modified: modified(local) };
      await session.write(pathOf(remote), await readFile(local), { attributes });
    },
    get: async (remote, local) => writeFile(local, await readFrom(remote, 0)),
    names: async (directory) => {
      const names: string[] = [];
      for await (const { name } of session.entries(pathOf(directory))) names.push(name);
      return names;
    },
    see: async (remote): Promise<Seen> => {
      const entry = await session.stat(pathOf(remote));
      return { size: entry.size, modified: entry.modified.seconds };
    },
    sha256: (remote) => session.digest(pathOf(remote), 'sha256'),
    rename: (from, to) => session.rename(pathOf(from), pathOf(to)),
    resumePut: async (local, remote) => {
      const file = await session.open(pathOf(remote), { write: true });
      const { size } = await file.stat();
      await file.write(size, readFileSync(local).subarray(size));
      await file.setAttributes({ modified: modified(local) });
      await file.close();
    },
    resumeGet: async (remote, local) => appendFile(local, await readFrom(remote, statSync(local).size)),
    close: async () => undefined,
  };
}

function s3Actor({ target }: Surroundings): Actor {
  if (target.s3 === undefined) throw new Error('the server does not speak S3');
  const client = sdk(target.s3);
  const named = (remote: string): { Bucket: string; Key: string } => {
    const { bucket, key } = addressOf(remote);
    return { Bucket: bucket, Key: key };
  };
  const { put, get, keys, range, move, remove } = client;
  if (!keys || !range || !move) throw new Error(`${client.name} cannot do everything`);
  const see = async (remote: string): Promise<Seen> => {
    const { ContentLength, LastModified } = await client.amazon.send(new HeadObjectCommand(named(remote)));
    return { size: ContentLength ?? -1, modified: (LastModified?.getTime() ?? 0) / 1000 };
  };
  return {
    name: 'S3',
    noTimes: true,
    put,
    get,
    names: keys,
    see,
    // S3 has no command for a digest. A copy gets the checksum that it asks for.
    sha256: async (remote) => {
      const { Bucket, Key } = named(remote);
      const copy = { Bucket, Key: `${Key}.copy`, CopySource: `${Bucket}/${Key}` };
      const { CopyObjectResult } = await client.amazon.send(
        new CopyObjectCommand({ ...copy, ChecksumAlgorithm: 'SHA256' }),
      );
      await remove(`${remote}.copy`);
      return Buffer.from(CopyObjectResult?.ChecksumSHA256 ?? '', 'base64').toString('hex');
    },
    rename: move,
    resumeGet: async (remote, local) => {
      const { size } = await see(remote);
      await appendFile(local, await range(remote, statSync(local).size, size - 1));
    },
    close: async () => client.close?.(),
  };
}

export const ACTORS = ['SFTP', 'FTP', 'FTPS', 'S3', 'command line', 'library'] as const;

/** All of {@link ACTORS}, in that order. Skips the test, or fails it in CI, where a client is not installed. */
export function enterActors(test: TestContext, around: Surroundings): readonly Actor[] {
  return [
    sftpActor(around, requirePython(test, 'paramiko'), requireProgram(test, 'ssh')),
    ftpActor(around, requirePython(test, 'ftplib')),
    ftpsActor(around, requireProgram(test, 'lftp')),
    s3Actor(around),
    commandLineActor(around),
    libraryActor(around),
  ];
}
