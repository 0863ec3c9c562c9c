import { readFileSync } from 'node:fs';
import ssh2, { type SFTPWrapper } from 'ssh2';
import type { Target } from './load.mjs';

export interface Door {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
}

/** The load's operations over a connection of their own. */
export class SftpTarget implements Target {
  readonly #client: ssh2.Client;
  readonly #sftp: SFTPWrapper;
  /** Rejects once the connection is gone, so that no operation waits for an answer that cannot come. */
  readonly #gone: Promise<never>;

  private constructor(client: ssh2.Client, sftp: SFTPWrapper, gone: Promise<never>) {
    this.#client = client;
    this.#sftp = sftp;
    this.#gone = gone;
  }

  static async connect({ host, port, user, keyFile }: Door): Promise<SftpTarget> {
    const client = new ssh2.Client();
    const gone = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('close', () => reject(new Error('the connection is gone')));
    });
    gone.catch(() => undefined);
    const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
    client.connect({ host, port, username: user, privateKey: readFileSync(keyFile) });
    await Promise.race([ready, gone]);
    const sftp = new Promise<SFTPWrapper>((resolve, reject) => {
      client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper)));
    });
    return new SftpTarget(client, await Promise.race([sftp, gone]), gone);
  }

  end(): void {
    this.#client.end();
  }

  write(path: string, bytes: Buffer): Promise<void> {
    return this.#withFile(path, 'w', (handle) => this.#put(handle, 0, bytes));
  }

  append(path: string, bytes: Buffer): Promise<void> {
    return this.#withFile(path, 'a', (handle) => this.#put(handle, 0, bytes));
  }

  patch(path: string, at: number, bytes: Buffer): Promise<void> {
    return this.#withFile(path, 'r+', (handle) => this.#put(handle, at, bytes));
  }

  cut(path: string, size: number): Promise<void> {
    return this.#call((done) => this.#sftp.setstat(path, { size } as ssh2.InputAttributes, done));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call((done) => this.#sftp.ext_openssh_rename(from, to, done));
  }

  remove(path: string): Promise<void> {
    return this.#call((done) => this.#sftp.unlink(path, done));
  }

  mkdir(path: string): Promise<void> {
    return this.#call((done) => this.#sftp.mkdir(path, done));
  }

  renameDirectory(from: string, to: string): Promise<void> {
    return this.#call((done) => this.#sftp.rename(from, to, done));
  }

  async #withFile(
    path: string,
    flags: 'w' | 'a' | 'r+',
    use: (handle: Buffer) => Promise<void>,
  ): Promise<void> {
    const handle = await this.#call<Buffer>((done) => this.#sftp.open(path, flags, done));
    await use(handle);
    await this.#call((done) => this.#sftp.close(handle, done));
  }

  #put(handle: Buffer, at: number, bytes: Buffer): Promise<void> {
    return this.#call((done) => this.#sftp.write(handle, bytes, 0, bytes.length, at, done));
  }

  #call<T = void>(
    start: (done: (error: Error | null | undefined, value?: unknown) => void) => unknown,
  ): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      start((error, value) => (error ? reject(error) : resolve(value as T)));
    });
    return Promise.race([answer, this.#gone]);
  }
}
