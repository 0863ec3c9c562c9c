import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { warn } from '../terminal/output.js';

/** What an S3 client signs its requests with. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** The user of latchkey.toml or of `serve --user` it belongs to. */
  readonly user: string;
  /** ISO 8601. */
  readonly created: string;
}

const ID = /^LATCHKEY[A-Z2-7]{12}$/;
const stored = z.strictObject({
  secret: z.string().regex(/^[a-z2-7]{40}$/),
  user: z.string().min(1),
  created: z.iso.datetime(),
});

/** Where the access keys are kept. */
export function accessKeysPath(settings: Settings): string {
  return join(settings.state, 'access-keys');
}

/**
 * Access keys, each a file of its own that only its owner can read: none has to be read to write another, and a server
 * that runs sees what is made and removed beside it. The secret is kept as it is, since whoever checks a signature has
 * to make the same one.
 */
export class AccessKeys {
  readonly #known = new Map<string, { readonly stamp: string; readonly key: AccessKey }>();

  constructor(readonly directory: string) {}

  /** Whether there has ever been one. */
  async begun(): Promise<boolean> {
    return (await unlessMissing(stat(this.directory))) !== undefined;
  }

  /** Makes a key of 200 random bits. It is there when this resolves, or not at all. */
  async create(user: string): Promise<AccessKey> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const id = `LATCHKEY${base32(12).toUpperCase()}`;
    const content = { secret: base32(40), user, created: new Date().toISOString() };
    const draft = `${this.#file(id)}.new`;
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(content)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#file(id));
    return { id, ...content };
  }

  /** Undefined for ids that nobody has. Throws when the file is damaged. */
  async find(id: string): Promise<AccessKey | undefined> {
    // Ids come from the network: nothing else may become part of a path.
    if (!ID.test(id)) return undefined;
    // Asked for every request: the way through another thread would cost many times the call.
    const found = statSync(this.#file(id), { bigint: true, throwIfNoEntry: false });
    if (found === undefined) {
      this.#known.delete(id);
      return undefined;
    }
    const stamp = `${found.mtimeNs}/${found.ino}/${found.size}`;
    const known = this.#known.get(id);
    if (known?.stamp === stamp) return known.key;
    const text = await unlessMissing(readFile(this.#file(id), 'utf8'));
    if (text === undefined) return undefined;
    if ((found.mode & 0o077n) !== 0n) warn(`${this.#file(id)} can be read by others; chmod 600 it`);
    const key = { id, ...this.#parse(text, id) };
    this.#known.set(id, { stamp, key });
    return key;
  }

  /** The oldest first. */
  async list(): Promise<AccessKey[]> {
    const names = (await unlessMissing(readdir(this.directory))) ?? [];
    const ids = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
    const keys = await Promise.all(ids.map((id) => this.find(id)));
    return keys
      .filter((key) => key !== undefined)
      .sort((a, b) => (a.created + a.id < b.created + b.id ? -1 : 1));
  }

  /** Returns whether there was such a key. */
  async remove(id: string): Promise<boolean> {
    if (!ID.test(id) || (await this.find(id)) === undefined) return false;
    await rm(this.#file(id), { force: true });
    return true;
  }

  #file(id: string): string {
    return join(this.directory, `${id}.json`);
  }

  #parse(text: string, id: string): z.infer<typeof stored> {
    try {
      return stored.parse(JSON.parse(text));
    } catch {
      // The cause would quote the secret.
      throw new Failure('failed', `${this.#file(id)} holds no access key, or a damaged one`, {
        hint: 'bring it back from a backup, or remove it and make another: latchkey access-key create',
      });
    }
  }
}

/** Random characters of base32, five bits each. Clients and shells take them everywhere as they are. */
function base32(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  return [...randomBytes(length)].map((byte) => alphabet[byte & 31]).join('');
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
