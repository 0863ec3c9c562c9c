import type { Entry, ObjectSession, Path, VaultSession } from '@latchkey/vault';
import { Failure } from '../failure.js';
import { showPath } from '../vault-path.js';
import type { Found, Step } from './found.js';
import { describeObject, objectBeside, walkUnseen } from './unseen.js';

/** Symbolic links that are followed one after the other before a loop is assumed, as POSIX systems do. */
const MAX_LINKS = 40;

/** Walks a file or tree in the vault: directories before what is in them, objects that S3 alone sees after all else. */
export async function* walkVault(
  session: ObjectSession,
  root: Path,
  recursive: boolean,
): AsyncGenerator<Step> {
  let entry: Entry;
  try {
    entry = await session.stat(root);
  } catch (error) {
    yield { label: showPath(root), error };
    return;
  }
  // Without -r the object is meant that has the directory's name, if there is one.
  const object = entry.kind === 'directory' && !recursive ? await objectBeside(session, root) : undefined;
  if (object !== undefined) yield { found: describeObject(session, root, [], object) };
  else yield* visit(session, root, [], entry, recursive);
}

async function* visit(
  session: ObjectSession,
  path: Path,
  below: readonly string[],
  entry: Entry,
  recursive: boolean,
): AsyncGenerator<Step> {
  yield { found: describeEntry(session, path, below, entry) };
  if (entry.kind !== 'directory' || !recursive) return;
  try {
    for await (const child of session.entries(path)) {
      yield* visit(session, [...path, child.name], [...below, child.name], child, true);
    }
  } catch (error) {
    yield { label: showPath(path), error };
    return;
  }
  yield* walkUnseen(session, path, below);
}

function describeEntry(session: VaultSession, path: Path, below: readonly string[], entry: Entry): Found {
  return {
    // An interrupted upload has no published content; only its author resumes it.
    kind: entry.draft ? 'unfinished' : entry.kind,
    below,
    label: showPath(path),
    size: entry.kind === 'file' ? entry.size : 0,
    modified: entry.modified,
    mode: entry.mode,
    vaultPath: path,
    content: () => session.read(path),
    linkTarget: () => session.readlink(path),
  };
}

/**
 * Where `path` leads when it names a symbolic link in the vault. Targets are relative to the link or to the
 * root. Throws a failure for an unfinished upload: there is nothing to read.
 */
export async function followLinks(session: VaultSession, path: Path): Promise<Path> {
  let current = path;
  for (let hops = 0; hops < MAX_LINKS; hops += 1) {
    const entry = await session.stat(current);
    if (entry.draft) {
      throw new Failure('refused', `the upload of ${showPath(current)} has not been finished`, {
        hint: 'who began it can resume it over SFTP or FTP; to copy it anew, write to the same name',
      });
    }
    if (entry.kind !== 'symlink') return current;
    const target = await session.readlink(current);
    const names = target.startsWith('/') ? [] : [...current.slice(0, -1)];
    for (const name of target.split('/')) {
      if (name === '..') names.pop();
      else if (name !== '' && name !== '.') names.push(name);
    }
    current = names;
  }
  throw new Failure('refused', `${showPath(path)}: the symbolic links form a loop`);
}
