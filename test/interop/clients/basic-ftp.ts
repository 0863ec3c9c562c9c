import { createReadStream, readFileSync, statSync, utimesSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Client as FtpClient } from 'basic-ftp';
import type { Client, Login, Target } from '../client.js';
import { ftpServer, ftpTime, hasLineBreak } from './ftp.js';
import { planUpload } from './local-tree.js';

/** basic-ftp, the FTP client of most Node programs, over explicit TLS. */
export function basicFtp(target: Target): Client {
  const server = ftpServer(target, 'explicit');
  const ca = readFileSync(server.certificate ?? '');
  const enter = async (as: Login = server): Promise<FtpClient> => {
    const client = new FtpClient(60_000);
    await client.access({
      host: server.host,
      port: server.port,
      user: target.user,
      password: 'password' in as ? as.password : '',
      secure: true,
      secureOptions: { ca },
    });
    withoutSessionReuse(client);
    return client;
  };
  let opened: Promise<FtpClient> | undefined;
  const use = (): Promise<FtpClient> => {
    opened ??= enter();
    return opened;
  };
  const keepTime = async (client: FtpClient, local: string, remote: string): Promise<void> => {
    await client.send(`MFMT ${ftpTime(Math.floor(statSync(local).mtimeMs / 1000))} ${remote}`);
  };
  const takeTime = async (client: FtpClient, remote: string, local: string): Promise<void> => {
    const modified = await client.lastMod(remote);
    utimesSync(local, modified, modified);
  };
  return {
    name: 'basic-ftp',
    passwordOnly: true,
    cannotName: hasLineBreak,
    login: async (as) => {
      const client = await enter(as);
      await client.list(target.base || '/');
      client.close();
    },
    put: async (local, remote) => {
      const client = await use();
      await client.uploadFrom(local, remote);
      await keepTime(client, local, remote);
    },
    get: async (remote, local) => {
      const client = await use();
      await client.downloadTo(local, remote);
      await takeTime(client, remote, local);
    },
    putTree: async (local, remote) => {
      const client = await use();
      await client.uploadFromDir(local, remote);
      await client.cd('/');
      for (const pair of planUpload(local, remote).files) await keepTime(client, pair.local, pair.remote);
    },
    getTree: async (remote, local) => {
      const client = await use();
      await client.downloadToDir(local, remote);
      for (const name of await readdir(local, { recursive: true })) {
        const file = path.join(local, name);
        if ((await stat(file)).isFile()) await takeTime(client, `${remote}/${name}`, file);
      }
    },
    resumePut: async (local, remote) => {
      const client = await use();
      await client.appendFrom(createReadStream(local, { start: await client.size(remote) }), remote);
      await keepTime(client, local, remote);
    },
    resumeGet: async (remote, local) => {
      await (await use()).downloadTo(local, remote, statSync(local).size);
    },
    names: async (remote) => (await (await use()).list(remote)).map(({ name }) => name),
    see: async (remote) => {
      const client = await use();
      return { size: await client.size(remote), modified: (await client.lastMod(remote)).getTime() / 1000 };
    },
    mkdir: async (remote) => void (await (await use()).send(`MKD ${remote}`)),
    rmdir: async (remote) => void (await (await use()).removeEmptyDir(remote)),
    remove: async (remote) => void (await (await use()).remove(remote)),
    removeTree: async (remote) => void (await (await use()).removeDir(remote)),
    rename: async (from, to) => void (await (await use()).rename(from, to)),
    renameOver: async (from, to) => void (await (await use()).rename(from, to)),
    renameDirectory: async (from, to) => void (await (await use()).rename(from, to)),
    chmod: async (remote, mode) =>
      void (await (await use()).send(`SITE CHMOD ${mode.toString(8)} ${remote}`)),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/**
 * Where a TLS session is resumed, basic-ftp takes the handshake of a data connection for done before it is, and ends an
 * empty upload in the middle of it: what the server must not take for a whole file. Without a session it waits.
 */
function withoutSessionReuse(client: FtpClient): void {
  Object.assign(client.ftp.socket, { getSession: () => undefined });
  Object.defineProperty(client.ftp, 'tlsSessionStore', { get: () => undefined, set: () => undefined });
}
