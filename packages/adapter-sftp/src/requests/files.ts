import {
  type Attributes,
  type FileHandle,
  type OpenOptions,
  type Path,
  resolveLinks,
  throughLinks,
  type VaultSession,
} from '@latchkey/vault';
import { readAttributes } from '../codec/attributes.js';
import { MAX_TRANSFER_BYTES, OPEN_FLAG, STATUS } from '../codec/constants.js';
import { dataReply, handleReply, okReply, statusReply } from '../codec/replies.js';
import { StatusError } from '../errors.js';
import { decodePath } from '../paths.js';
import { OpenFile } from '../session/open-file.js';
import { ReadThrough } from '../session/read-through.js';
import { vaultAttributes } from './attributes.js';
import { onHandle, onPaths, type RequestContext, type RequestHandler } from './request.js';

/** Maps open flags (section 6.3). Flags that contradict each other fail; flags of zero mean reading, as in OpenSSH. */
export function openOptions(flags: number, attributes: Attributes): OpenOptions {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const append = has(OPEN_FLAG.APPEND);
  const write = has(OPEN_FLAG.WRITE) || append;
  const read = has(OPEN_FLAG.READ) || !write;
  const create = has(OPEN_FLAG.CREAT);
  const truncate = has(OPEN_FLAG.TRUNC);
  if (!write && (create || truncate)) {
    throw new StatusError(STATUS.FAILURE, 'making or truncating a file needs it open for writing');
  }
  const exclusive = create && has(OPEN_FLAG.EXCL);
  return { read, write, create, exclusive, truncate, append, attributes };
}

/** Opens for reading what this session is writing. */
function readThrough({ vault, order }: RequestContext, path: Path, writer: OpenFile): OpenFile {
  const through = new ReadThrough(writer, () =>
    throughLinks(vault, path, true, (at) => vault.open(at, { read: true })),
  );
  return new OpenFile(through, writer.path, { asked: path, read: true, write: false, order });
}

async function openFile(context: RequestContext, path: Path, options: OpenOptions): Promise<OpenFile> {
  const { vault, order } = context;
  let at = path;
  const attempt = (candidate: Path): Promise<FileHandle> => {
    at = candidate;
    // Whoever writes may read here; the client may only if it has asked for it, see OpenFile.
    return vault.open(candidate, { ...options, read: true });
  };
  // An exclusive create never follows a link at the end of the path (POSIX open, O_EXCL).
  const follow = options.exclusive !== true;
  const file = await throughLinks(vault, path, follow, attempt);
  return new OpenFile(file, at, {
    asked: path,
    read: options.read === true,
    write: options.write === true,
    order,
  });
}

export const open: RequestHandler = (context, id, reader) => {
  const path = decodePath(reader.bytes());
  const flags = reader.uint32();
  const options = openOptions(flags, vaultAttributes(readAttributes(reader), false));
  const writer = options.write === true ? undefined : context.handles.writer(path, true);
  context.handles.reserve();
  return {
    order: onPaths(options.write === true, path),
    async run() {
      try {
        const handle = writer?.isAt(path, true)
          ? readThrough(context, path, writer)
          : await openFile(context, path, options);
        if (context.ended.aborted) {
          await handle.abandon();
          throw new StatusError(STATUS.FAILURE, 'the session has ended');
        }
        return handleReply(id, context.handles.add(handle));
      } finally {
        context.handles.release();
      }
    },
  };
};

export const close: RequestHandler = (context, id, reader) => {
  const name = reader.bytes();
  const handle = context.handles.get(name);
  context.handles.remove(name);
  return {
    order: onHandle(handle, true),
    async run() {
      if (handle.kind === 'file') await handle.close();
      return okReply(id);
    },
  };
};

export const read: RequestHandler = (context, id, reader) => {
  const handle = context.handles.file(reader.bytes());
  const offset = reader.uint64();
  const length = Math.min(reader.uint32(), MAX_TRANSFER_BYTES);
  return {
    order: onHandle(handle, false),
    replyBytes: length,
    async run() {
      // No file reaches 2^53 bytes: beyond it every offset is behind the end.
      if (!Number.isSafeInteger(offset + length)) return statusReply(id, STATUS.EOF, 'end of file');
      if (length === 0) return dataReply(id, { pieces: [] });
      const data = await handle.read(offset, length);
      return data.pieces.length === 0 ? statusReply(id, STATUS.EOF, 'end of file') : dataReply(id, data);
    },
  };
};

export const write: RequestHandler = (context, id, reader) => {
  const handle = context.handles.writableFile(reader.bytes());
  const offset = reader.uint64();
  const data = reader.bytes();
  if (!Number.isSafeInteger(offset + data.length))
    throw new StatusError(STATUS.FAILURE, 'the offset is too large');
  return {
    order: onHandle(handle, true),
    async run() {
      if (data.length > 0) await handle.file.write(offset, data);
      return okReply(id);
    },
  };
};

export const remove: RequestHandler = ({ vault, handles }, id, reader) => {
  const path = decodePath(reader.bytes());
  return {
    order: onPaths(true, path),
    async run() {
      await throughLinks(vault, path, false, (at) => vault.remove(at));
      handles.writer(path, false)?.removed();
      return okReply(id);
    },
  };
};

/** Renames; `replace` is what tells posix-rename@openssh.com from the RENAME of version 3. */
export function rename(replace: boolean): RequestHandler {
  return ({ vault, handles }, id, reader) => {
    const from = decodePath(reader.bytes());
    const to = decodePath(reader.bytes());
    const writer = handles.writer(from, false);
    return {
      order: onPaths(true, from, to),
      async run() {
        let at = to;
        const change = (): Promise<void> =>
          throughBothLinks(vault, from, to, (source, target) => {
            at = target;
            return vault.rename(source, target, { replace });
          });
        const reopen = (): Promise<FileHandle> => vault.open(at, { read: true, write: true });
        const replaced = handles.writer(to, false);
        if (writer?.isAt(from, false)) await writer.renamed(to, change, reopen);
        else await change();
        if (replaced !== writer) replaced?.removed();
        return okReply(id);
      },
    };
  };
}

/** {@link throughLinks} for an operation with two paths; links at their ends are not followed. */
export async function throughBothLinks(
  vault: VaultSession,
  from: Path,
  to: Path,
  attempt: (from: Path, to: Path) => Promise<unknown>,
): Promise<void> {
  let resolvedTo: Path = to;
  await throughLinks(vault, from, false, async (source) => {
    // Only once the first attempt has failed is it worth asking where the second path leads.
    if (source !== from) resolvedTo = await resolveLinks(vault, to, false);
    await throughLinks(vault, resolvedTo, false, (target) => attempt(source, target));
  });
}
