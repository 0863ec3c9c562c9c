import type { Attributes, ObjectEntry, ObjectSession, Path } from '@latchkey/vault';
import { Failure, isVaultError } from '../failure.js';
import { isWithin, showPath } from '../vault-path.js';
import type { Found, Target } from './found.js';
import { copyOf } from './unseen.js';

/** Writes below a path in the vault. Files appear under their name when they are complete. */
export class VaultTarget implements Target {
  private readonly directories: { path: Path; found: Found }[] = [];

  constructor(
    private readonly session: ObjectSession,
    private readonly root: Path,
    private readonly signal: AbortSignal,
  ) {}

  async directory(below: readonly string[], found: Found): Promise<void> {
    const path = [...this.root, ...below];
    if (found.vaultPath && isWithin(path, found.vaultPath)) {
      throw new Failure('refused', `${found.label} cannot be copied into itself`);
    }
    try {
      await this.session.mkdir(path, { attributes: attributesOf(found) });
    } catch (error) {
      if (!isVaultError(error, 'exists')) throw error;
      if ((await this.session.stat(path)).kind !== 'directory') throw error;
      return;
    }
    this.directories.push({ path, found });
  }

  async file(below: readonly string[], found: Found, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = [...this.root, ...below];
    if (found.vaultPath) {
      refuseItself(found, path);
      await this.session.copy(found.vaultPath, path, { replace: true });
      return;
    }
    await this.session.write(path, stopWhen(this.signal, content), { attributes: attributesOf(found) });
  }

  async symlink(below: readonly string[], found: Found): Promise<void> {
    const path = [...this.root, ...below];
    const target = await found.linkTarget();
    try {
      await this.session.symlink(target, path);
    } catch (error) {
      if (!isVaultError(error, 'exists')) throw error;
      if ((await this.session.stat(path)).kind === 'directory') throw error;
      await this.session.remove(path);
      await this.session.symlink(target, path);
    }
    await this.session.setAttributes(path, { modified: found.modified });
  }

  async object(below: readonly string[], found: Found, object: ObjectEntry): Promise<void> {
    const path = [...this.root, ...below];
    const from = found.vaultPath ?? [];
    const existing = this.root.length;
    refuseItself(found, path);
    // A directory that is only implied comes with what is in it.
    if (object.kind === 'directory') {
      if (object.explicit) await this.session.makeMarker(path, { existing, attributes: attributesOf(found) });
      return;
    }
    await this.session.composeObject([{ path: from }], path, {
      existing,
      describe: ([source = object]) => copyOf(source),
    });
  }

  async finish(): Promise<void> {
    for (const { path, found } of this.directories.reverse()) {
      await this.session.setAttributes(path, attributesOf(found));
    }
  }
}

function refuseItself({ vaultPath = [], label }: Found, path: Path): void {
  if (showPath(vaultPath) === showPath(path))
    throw new Failure('refused', `${label} is the source and the target`);
}

function attributesOf(found: Found): Attributes {
  return { modified: found.modified, mode: found.mode };
}

/** Throws inside the source on an abort, on which the vault keeps the old version. */
async function* stopWhen(
  signal: AbortSignal,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    signal.throwIfAborted();
    yield chunk;
  }
  signal.throwIfAborted();
}
