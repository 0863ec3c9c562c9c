import {
  type Attributes,
  type Entry,
  type Path,
  resolveLinks,
  statThroughLinks,
  throughLinks,
  type VaultSession,
} from '@latchkey/vault';
import { type FileAttributes, type Owner, readAttributes } from '../codec/attributes.js';
import { STATUS } from '../codec/constants.js';
import { attributesReply, okReply } from '../codec/replies.js';
import { StatusError } from '../errors.js';
import { decodePath } from '../paths.js';
import type { OpenFile } from '../session/open-file.js';
import { onHandle, onPaths, type RequestHandler } from './request.js';

/**
 * What the vault keeps of the attributes: permissions and, with `times`, the time of modification. A client that opens
 * a file to write does not mean the times it may send along.
 */
export function vaultAttributes(attributes: FileAttributes, times: boolean): Attributes {
  const { permissions, modified } = attributes;
  return {
    ...(permissions === undefined ? {} : { mode: permissions & 0o7777 }),
    ...(modified === undefined || !times ? {} : { modified: { seconds: modified, nanoseconds: 0 } }),
  };
}

/** Throws OP_UNSUPPORTED when the client wants another owner: it must not believe that it got one. */
function refuseOtherOwner(attributes: FileAttributes, owner: Owner): void {
  const wanted = attributes.owner;
  if (wanted !== undefined && (wanted.uid !== owner.uid || wanted.gid !== owner.gid)) {
    throw new StatusError(STATUS.OP_UNSUPPORTED, 'files have no owner that could be changed');
  }
}

function checkedSize(attributes: FileAttributes): number | undefined {
  const { size } = attributes;
  if (size !== undefined && !Number.isSafeInteger(size))
    throw new StatusError(STATUS.FAILURE, 'the size is too large');
  return size;
}

function isEmpty(attributes: Attributes): boolean {
  return Object.keys(attributes).length === 0;
}

/** Changes the size first, because that sets the time of modification. */
async function applyToPath(
  vault: VaultSession,
  path: Path,
  size: number | undefined,
  rest: Attributes,
): Promise<void> {
  if (size !== undefined) {
    const file = await vault.open(path, { write: true });
    try {
      await file.truncate(size);
      await file.close();
    } catch (error) {
      await file.abandon();
      throw error;
    }
  }
  // Without anything to change, the entry must at least exist.
  if (isEmpty(rest)) await vault.stat(path);
  else await vault.setAttributes(path, rest);
}

async function applyToHandle(
  vault: VaultSession,
  handle: OpenFile,
  size: number | undefined,
  rest: Attributes,
): Promise<void> {
  if (size !== undefined) {
    if (!handle.writable)
      throw new StatusError(STATUS.PERMISSION_DENIED, 'the handle is not open for writing');
    await handle.file.truncate(size);
  }
  if (isEmpty(rest)) return;
  if (handle.writable) await handle.file.setAttributes(rest);
  else await vault.setAttributes(handle.path, rest);
}

/** False when the file has been closed meanwhile. */
function appliedToWriter(
  vault: VaultSession,
  writer: OpenFile,
  size: number | undefined,
  rest: Attributes,
): Promise<boolean> {
  return writer.run(true, async () => {
    if (writer.closed) return false;
    await applyToHandle(vault, writer, size, rest);
    return true;
  });
}

/** A file that the session itself is writing has the size and the times that it has given to it so far. */
function statOf(follow: boolean, look: (vault: VaultSession, path: Path) => Promise<Entry>): RequestHandler {
  return ({ vault, handles, owner }, id, reader) => {
    const path = decodePath(reader.bytes());
    // Looked up now: a CLOSE that comes behind this request takes the handle away at once.
    const writer = handles.writer(path, follow);
    return {
      order: onPaths(false, path),
      run: async () =>
        attributesReply(id, await (writer?.isAt(path, follow) ? writer.seen() : look(vault, path)), owner),
    };
  };
}

export const lstat: RequestHandler = statOf(false, (vault, path) =>
  throughLinks(vault, path, false, (at) => vault.stat(at)),
);

export const stat: RequestHandler = statOf(true, statThroughLinks);

export const fstat: RequestHandler = ({ vault, handles, owner }, id, reader) => {
  const handle = handles.get(reader.bytes());
  return {
    order: onHandle(handle, false),
    async run() {
      const entry = handle.kind === 'file' ? await handle.file.stat() : await vault.stat(handle.path);
      return attributesReply(id, entry, owner);
    },
  };
};

export const setstat: RequestHandler = ({ vault, handles, owner }, id, reader) => {
  const path = decodePath(reader.bytes());
  const attributes = readAttributes(reader);
  refuseOtherOwner(attributes, owner);
  const size = checkedSize(attributes);
  const rest = vaultAttributes(attributes, true);
  const writer = handles.writer(path, true);
  return {
    order: onPaths(true, path),
    async run() {
      // Set by its path while it is being written, as programs for folders do: it is for what is published at CLOSE.
      if (writer?.isAt(path, true) && (await appliedToWriter(vault, writer, size, rest))) return okReply(id);
      const entry = await throughLinks(vault, path, false, (at) => vault.stat(at));
      const at = entry.kind === 'symlink' ? await resolveLinks(vault, path, true) : path;
      await throughLinks(vault, at, false, (target) => applyToPath(vault, target, size, rest));
      return okReply(id);
    },
  };
};

/** lsetstat@openssh.com: as SETSTAT, but of a symlink itself. Its size cannot be set. */
export const lsetstat: RequestHandler = ({ vault, handles, owner }, id, reader) => {
  const path = decodePath(reader.bytes());
  const attributes = readAttributes(reader);
  refuseOtherOwner(attributes, owner);
  if (attributes.size !== undefined)
    throw new StatusError(STATUS.OP_UNSUPPORTED, 'the size cannot be set this way');
  const rest = vaultAttributes(attributes, true);
  const writer = handles.writer(path, false);
  return {
    order: onPaths(true, path),
    async run() {
      if (writer?.isAt(path, false) && (await appliedToWriter(vault, writer, undefined, rest)))
        return okReply(id);
      await throughLinks(vault, path, false, (at) => applyToPath(vault, at, undefined, rest));
      return okReply(id);
    },
  };
};

export const fsetstat: RequestHandler = ({ vault, handles, owner }, id, reader) => {
  const handle = handles.get(reader.bytes());
  const attributes = readAttributes(reader);
  refuseOtherOwner(attributes, owner);
  const size = checkedSize(attributes);
  const rest = vaultAttributes(attributes, true);
  return {
    order: onHandle(handle, true),
    async run() {
      if (handle.kind === 'file') await applyToHandle(vault, handle, size, rest);
      else await applyToPath(vault, handle.path, size, rest);
      return okReply(id);
    },
  };
};
