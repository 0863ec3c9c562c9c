import { LRUCache } from 'lru-cache';
import { toHex } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { DigestName, Path } from '../session.js';
import { openFile } from './open.js';

const STEP = 1024 * 1024;
const REMEMBERED = 20_000;

/** Digests by version of a file. They stay in memory: a plaintext digest never reaches the store in clear. */
export class DigestCache {
  readonly #known = new LRUCache<string, string>({ max: REMEMBERED });

  get(key: string): string | undefined {
    return this.#known.get(key);
  }

  set(key: string, digest: string): void {
    this.#known.set(key, digest);
  }
}

export async function digestOf(
  context: VaultContext,
  cache: DigestCache,
  path: Path,
  algorithm: DigestName,
): Promise<string> {
  const handle = await openFile(context, path, { read: true });
  try {
    const { id, revision, size } = await handle.stat();
    const key = `${algorithm}:${id}:${revision}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const hash = context.provider.createHash(algorithm);
    for (let at = 0; at < size; at += STEP) {
      const { pieces, giveBack } = await handle.readPieces(at, STEP);
      for (const piece of pieces) hash.update(piece);
      giveBack();
    }
    const digest = toHex(hash.digest());
    cache.set(key, digest);
    return digest;
  } finally {
    await handle.close();
  }
}
