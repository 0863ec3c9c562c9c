import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeHostKey, SftpServer } from '@latchkey/adapter-sftp';
import type { VaultSession } from '@latchkey/vault';
import { makeKey, writeKnownHosts } from '../servers/keys.mjs';

export interface Ending {
  readonly code: number;
  readonly output: string;
}

/** A vault session behind a real SFTP server, and OpenSSH's clients in front of it. */
export class SftpDoor {
  /** An empty local directory. */
  readonly place: string;
  readonly #folder: string;
  readonly #server: SftpServer;
  readonly #options: readonly string[];

  private constructor(folder: string, server: SftpServer, options: readonly string[]) {
    this.#folder = folder;
    this.#server = server;
    this.#options = options;
    this.place = path.join(folder, 'downloads');
    mkdirSync(this.place);
  }

  static async open(session: VaultSession): Promise<SftpDoor> {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-attack-'));
    const { file, publicLine } = makeKey(path.join(folder, 'user'));
    const server = await SftpServer.listen({
      hostKey: makeHostKey(),
      users: {
        verifyPassword: async () => undefined,
        authorizedKeys: () => ({ keys: [publicLine], session }),
      },
    });
    const { port } = server.address;
    const options = [
      ...['-F', 'none', '-P', String(port), '-i', file],
      ...['-o', `UserKnownHostsFile=${writeKnownHosts(folder, port, server.hostKey.publicKey)}`],
    ];
    return new SftpDoor(folder, server, options);
  }

  /** Runs OpenSSH's sftp with these commands, which end at the first that fails. */
  sftp(...commands: readonly string[]): Promise<Ending> {
    const batch = path.join(this.#folder, 'batch');
    writeFileSync(batch, `${commands.join('\n')}\n`);
    return this.#run('sftp', [...this.#options, '-b', batch, 'owner@127.0.0.1']);
  }

  scp(remote: string, local: string): Promise<Ending> {
    return this.#run('scp', [...this.#options, `owner@127.0.0.1:${remote}`, local]);
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[]): Promise<Ending> {
    return new Promise((resolve, reject) => {
      execFile(program, args, { cwd: this.place, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ code, output: stdout + stderr });
        else reject(error);
      });
    });
  }
}
