import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import type { Found, Step } from './found.js';
import { readHandle, readNamedStream } from './stream-source.js';

/**
 * Walks a local file or tree: directories before what is in them. What is named directly is taken for what the
 * person means: a link is followed, and a pipe or character device read to its end or until `signal`.
 */
export async function* walkLocal(
  root: string,
  recursive: boolean,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  yield* visit(Buffer.from(root), root, [], recursive, signal);
}

async function* visit(
  path: Buffer,
  label: string,
  below: readonly string[],
  recursive: boolean,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let found: Found;
  try {
    found = await look(path, label, below, signal);
  } catch (error) {
    yield { label, error };
    return;
  }
  yield { found };
  if (found.kind !== 'directory' || !recursive) return;
  let names: Buffer[];
  try {
    names = await readdir(path, { encoding: 'buffer' });
  } catch (error) {
    yield { label, error };
    return;
  }
  for (const name of names) yield* visitName(path, label, below, name, signal);
}

async function* visitName(
  parent: Buffer,
  parentLabel: string,
  below: readonly string[],
  bytes: Buffer,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const label = join(parentLabel, bytes.toString('latin1'));
    yield { label, error: new Failure('refused', 'the name is not valid UTF-8', { cause }) };
    return;
  }
  yield* visit(
    Buffer.concat([parent, Buffer.from('/'), bytes]),
    join(parentLabel, name),
    [...below, name],
    true,
    signal,
  );
}

async function look(
  path: Buffer,
  label: string,
  below: readonly string[],
  signal: AbortSignal,
): Promise<Found> {
  const status =
    below.length === 0 ? await stat(path, { bigint: true }) : await lstat(path, { bigint: true });
  const stream = below.length === 0 && (status.isFIFO() || status.isCharacterDevice());
  const kind =
    status.isFile() || stream
      ? 'file'
      : status.isDirectory()
        ? 'directory'
        : status.isSymbolicLink()
          ? 'symlink'
          : 'special';
  const billion = 1_000_000_000n;
  // Floor division: before 1970 the remainder would be negative.
  const nanoseconds = ((status.mtimeNs % billion) + billion) % billion;
  return {
    kind,
    below,
    label,
    size: Number(status.size),
    modified: { seconds: Number((status.mtimeNs - nanoseconds) / billion), nanoseconds: Number(nanoseconds) },
    mode: Number(status.mode) & 0o7777,
    content: () => (stream ? readNamedStream(path, signal) : readLocal(path)),
    linkTarget: () => readlink(path, 'utf8'),
  };
}

async function* readLocal(path: Buffer): AsyncGenerator<Uint8Array> {
  // Not blocking: something else may have put a pipe in the file's place since the walk.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Failure('refused', 'it is no longer a regular file');
    yield* readHandle(file);
  } finally {
    await file.close();
  }
}
