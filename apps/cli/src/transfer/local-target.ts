import { randomBytes } from 'node:crypto';
import {
  chmod,
  type FileHandle,
  lstat,
  lutimes,
  mkdir,
  open,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Timestamp } from '@latchkey/vault';
import { Failure } from '../failure.js';
import type { Found, Target } from './found.js';

/** set-user-id, set-group-id and sticky are not restored: the vault's content may come from someone else. */
const RESTORED_MODE = 0o777;

/**
 * Writes below a local path. A name in the vault may be anything its author liked, so every name is checked, and
 * nothing is written through a symbolic link that lies below the root.
 */
export class LocalTarget implements Target {
  private readonly directories: { path: string; found: Found }[] = [];

  private readonly root: string;

  /** `name`, when given, is what the source is called inside `directory`. */
  constructor(
    directory: string,
    name: string | undefined,
    private readonly signal: AbortSignal,
  ) {
    if (name !== undefined) requireLocalName(name);
    this.root = name === undefined ? directory : join(directory, name);
  }

  async directory(below: readonly string[], found: Found): Promise<void> {
    const path = this.locate(below);
    await this.requireRealParents(below);
    try {
      // Ours alone until everything is in it; finish() sets the mode it had.
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      const present = await lstat(path).catch(() => undefined);
      const isRoot = below.length === 0;
      if (!present?.isDirectory() && !(isRoot && present?.isSymbolicLink())) {
        throw present?.isSymbolicLink() ? throughLink(path) : error;
      }
      return;
    }
    this.directories.push({ path, found });
  }

  async file(below: readonly string[], found: Found, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.locate(below);
    await this.requireRealParents(below);
    const present = await lstat(path).catch(() => undefined);
    if (present?.isDirectory()) throw new Failure('refused', `${path} is a directory`);
    if (present && !present.isFile() && !present.isSymbolicLink()) {
      return this.intoDevice(path, content);
    }
    // Beside the target, so that the rename stays on one file system.
    const temporary = join(dirname(path), `.latchkey-${randomBytes(9).toString('base64url')}.part`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await this.fill(file, content);
      await file.chmod(found.mode & RESTORED_MODE);
      await file.utimes(seconds(found.modified), seconds(found.modified));
      await file.close();
      this.signal.throwIfAborted();
      await rename(temporary, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async symlink(below: readonly string[], found: Found): Promise<void> {
    const path = this.locate(below);
    await this.requireRealParents(below);
    const temporary = join(dirname(path), `.latchkey-${randomBytes(9).toString('base64url')}.part`);
    await symlink(await found.linkTarget(), temporary);
    try {
      await lutimes(temporary, seconds(found.modified), seconds(found.modified));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async finish(): Promise<void> {
    // Deepest first: setting a directory's times after its children were made, and before it may become unwritable.
    for (const { path, found } of this.directories.reverse()) {
      await utimes(path, seconds(found.modified), seconds(found.modified));
      await chmod(path, found.mode & RESTORED_MODE);
    }
  }

  /** A pipe or device (`/dev/null`) is written to, never replaced. */
  private async intoDevice(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const file = await open(path, 'w');
    try {
      await this.fill(file, content);
    } finally {
      await file.close();
    }
  }

  private async fill(file: FileHandle, content: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of content) {
      this.signal.throwIfAborted();
      let written = 0;
      while (written < chunk.length) {
        written += (await file.write(chunk, written, chunk.length - written)).bytesWritten;
      }
    }
  }

  private locate(below: readonly string[]): string {
    for (const name of below) requireLocalName(name);
    return below.length === 0 ? this.root : join(this.root, ...below);
  }

  private async requireRealParents(below: readonly string[]): Promise<void> {
    for (let depth = 1; depth < below.length; depth += 1) {
      const parent = join(this.root, ...below.slice(0, depth));
      if ((await lstat(parent)).isSymbolicLink()) throw throughLink(parent);
    }
  }
}

/** What Windows refuses, or takes for a drive, a stream, a device, another directory, or another name (Naming Files, Paths). */
const NOT_ON_WINDOWS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  /[\u0000-\u001f<>:"/\\|?*]|[. ]$|^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

/** Throws `refused` for a name that would not be one name in one directory on `platform`. */
export function requireLocalName(name: string, platform: NodeJS.Platform = process.platform): void {
  const refused = platform === 'win32' ? NOT_ON_WINDOWS : /[/\0]/;
  if (name === '' || name === '.' || name === '..' || refused.test(name)) {
    throw new Failure('refused', 'no local file can have this name');
  }
}

function throughLink(path: string): Failure {
  return new Failure('refused', `${path} is a symbolic link; nothing is written through it`);
}

/** Seconds as a double: exact to about a microsecond, which is what the system call takes from Node. */
function seconds(time: Timestamp): number {
  return time.seconds + time.nanoseconds / 1e9;
}
