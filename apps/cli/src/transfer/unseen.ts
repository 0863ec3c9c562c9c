import type { Composition, Entry, ObjectEntry, ObjectSession, Path } from '@latchkey/vault';
import { isVaultError } from '../failure.js';
import { showPath } from '../vault-path.js';
import type { Found, Step } from './found.js';

/*
 * Objects of S3 that file protocols do not see (docs/adr/0602): a file beside a directory of the same name, and whatever
 * has an empty name or lies below one. Only ways of ObjectSession lead to them.
 */

/** All of them in a directory that file protocols see, and in what is below an empty name; not below its other directories. */
export async function* walkUnseen(
  session: ObjectSession,
  path: Path,
  below: readonly string[],
): AsyncGenerator<Step> {
  try {
    // Files whose directory may still come: its key is the name and a slash, so what stands between begins with the name.
    const files: ObjectEntry[] = [];
    for await (const entry of everything(session, path)) {
      while (files.length > 0 && !entry.name.startsWith(files.at(-1)?.name ?? '')) files.pop();
      if (entry.name === '') yield* visitObject(session, path, below, entry);
      else if (entry.kind === 'file' && !entry.draft) files.push(entry);
      else if (entry.kind === 'directory') {
        const beside = files.find(({ name }) => name === entry.name);
        if (beside !== undefined && (await isThere(session, [...path, entry.name])))
          yield* visitObject(session, path, below, beside);
      }
    }
  } catch (error) {
    yield { label: showPath(path), error };
  }
}

async function* visitObject(
  session: ObjectSession,
  parent: Path,
  above: readonly string[],
  entry: ObjectEntry,
): AsyncGenerator<Step> {
  const path = [...parent, entry.name];
  const below = [...above, entry.name];
  yield { found: describeObject(session, path, below, entry) };
  if (entry.kind !== 'directory') return;
  for await (const child of everything(session, path)) yield* visitObject(session, path, below, child);
}

export function describeObject(
  session: ObjectSession,
  path: Path,
  below: readonly string[],
  entry: ObjectEntry,
): Found {
  return {
    kind: entry.kind === 'directory' ? 'directory' : 'file',
    below,
    label: `${showPath(path)}${entry.kind === 'directory' ? '/' : ''}`,
    size: entry.kind === 'file' ? entry.size : 0,
    modified: entry.modified,
    mode: entry.mode,
    vaultPath: path,
    object: entry,
    content: () => readObject(session, path),
    linkTarget: () => Promise.reject(new Error('an object is no link')),
  };
}

export async function* readObject(
  session: ObjectSession,
  path: Path,
  {
    offset = 0,
    length = Number.MAX_SAFE_INTEGER,
  }: { readonly offset?: number; readonly length?: number } = {},
): AsyncGenerator<Uint8Array> {
  const reader = await session.openObject(path);
  try {
    const from = Math.min(offset, reader.entry.size);
    yield* reader.stream(from, Math.min(length, reader.entry.size - from));
  } finally {
    await reader.close();
  }
}

/** Every entry of a directory, those that file protocols do not see among them, by the byte order of keys. */
export async function* everything(session: ObjectSession, path: Path): AsyncGenerator<ObjectEntry> {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await session.listObjects(path, after === undefined ? {} : { after });
    yield* page.entries;
    after = page.next;
  }
}

/** The object of a name that a directory has, too. */
export async function objectBeside(session: ObjectSession, path: Path): Promise<ObjectEntry | undefined> {
  const entry = path.length === 0 ? undefined : await session.statObject(path, 'file').catch(unlessGone);
  return entry?.kind === 'file' ? entry : undefined;
}

/** What a path without a slash means to who wants content: the object, where a directory has the same name. */
export async function statNamed(session: ObjectSession, path: Path): Promise<Entry> {
  const entry = await session.stat(path);
  return (entry.kind === 'directory' ? await objectBeside(session, path) : undefined) ?? entry;
}

export async function* readNamed(
  session: ObjectSession,
  path: Path,
  range: { readonly offset?: number; readonly length?: number } = {},
): AsyncGenerator<Uint8Array> {
  const isObject = (await session.stat(path)).kind === 'directory' && (await objectBeside(session, path));
  yield* isObject ? readObject(session, path, range) : session.read(path, range);
}

/** Whether a directory's record leads anywhere: a move that was cut off may have left one that does not. */
async function isThere(session: ObjectSession, path: Path): Promise<boolean> {
  return (await session.statObject(path, 'directory').catch(unlessGone))?.kind === 'directory';
}

function unlessGone(error: unknown): undefined {
  if (isVaultError(error, 'not-found') || isVaultError(error, 'not-a-directory')) return undefined;
  throw error;
}

/** Everything that is said about an object, for a copy of it. */
export function copyOf(entry: ObjectEntry): Composition {
  const { contentType, etag, digests, partSizes, appendix, modified, mode, metadata, tags } = entry;
  return {
    properties: {
      ...(contentType === undefined ? {} : { contentType }),
      ...(etag === undefined ? {} : { etag }),
      ...(digests === undefined ? {} : { digests }),
      ...(partSizes === undefined ? {} : { partSizes }),
      ...(appendix === undefined ? {} : { appendix }),
    },
    attributes: { modified, mode, metadata, tags },
  };
}
