import { statThroughLinks } from '@latchkey/vault';
import { MAX_PACKET_BYTES, MAX_TRANSFER_BYTES, STATUS } from '../codec/constants.js';
import type { PacketReader } from '../codec/reader.js';
import { extendedReply, nameReply, okReply, type Reply } from '../codec/replies.js';
import { PacketWriter } from '../codec/writer.js';
import { StatusError } from '../errors.js';
import { decodeName, decodePath, formatPath, splitPath } from '../paths.js';
import { lsetstat } from './attributes.js';
import { copyData } from './copy-data.js';
import { rename } from './files.js';
import { hardlink } from './links.js';
import { FREE, onHandle, onPaths, type RequestContext, type RequestHandler } from './request.js';

/** Bytes that a block of statvfs stands for. */
const BLOCK_BYTES = 4096;
const MAX_NAME_BYTES = 1024;

/** statvfs flag: set-user-id bits have no effect here. */
const ST_NOSUID = 2;

const limits: RequestHandler = ({ maxHandles }, id) => ({
  order: FREE,
  run: async () =>
    extendedReply(id, (writer) =>
      writer
        .uint64(MAX_PACKET_BYTES)
        .uint64(MAX_TRANSFER_BYTES)
        .uint64(MAX_TRANSFER_BYTES)
        .uint64(maxHandles),
    ),
});

const fsync: RequestHandler = ({ handles }, id, reader) => {
  const handle = handles.file(reader.bytes());
  return {
    order: onHandle(handle, true),
    async run() {
      if (handle.writable) await handle.file.sync();
      return okReply(id);
    },
  };
};

async function statvfsReply({ vault }: RequestContext, id: number): Promise<Reply> {
  const { total, available } = await vault.space();
  if (total === undefined || available === undefined) {
    throw new StatusError(STATUS.OP_UNSUPPORTED, 'the store cannot tell its free space');
  }
  const blocks = Math.floor(total / BLOCK_BYTES);
  const free = Math.floor(available / BLOCK_BYTES);
  return extendedReply(id, (writer) => {
    writer.uint64(BLOCK_BYTES).uint64(BLOCK_BYTES).uint64(blocks).uint64(free).uint64(free);
    // Files are not counted one by one: as many as there are blocks.
    writer.uint64(blocks).uint64(free).uint64(free);
    writer.uint64(0).uint64(ST_NOSUID).uint64(MAX_NAME_BYTES);
  });
}

const statvfs: RequestHandler = (context, id, reader) => {
  const path = decodePath(reader.bytes());
  return {
    order: onPaths(false, path),
    async run() {
      await statThroughLinks(context.vault, path);
      return statvfsReply(context, id);
    },
  };
};

const fstatvfs: RequestHandler = (context, id, reader) => {
  const handle = context.handles.get(reader.bytes());
  return { order: onHandle(handle, false), run: () => statvfsReply(context, id) };
};

/** `~` and `~/x` are below the vault's root, which is everybody's home here. */
const expandPath: RequestHandler = (_context, id, reader) => {
  const text = decodeName(reader.bytes());
  const home = /^~([^/]*)(.*)$/s.exec(text);
  if (home !== null && home[1] !== '') throw new StatusError(STATUS.FAILURE, 'no such user');
  const path = splitPath(home === null ? text : (home[2] ?? ''));
  return { order: FREE, run: async () => nameReply(id, formatPath(path)) };
};

const homeDirectory: RequestHandler = (_context, id, reader) => {
  decodeName(reader.bytes());
  return { order: FREE, run: async () => nameReply(id, '/') };
};

/** Names for a list of numbers: our one owner's, and an empty name for every other. */
function namesOf(numbers: Buffer, known: number, name: string): Buffer {
  const count = Math.floor(numbers.length / 4);
  const writer = new PacketWriter(0, 16 + count * 16);
  const start = writer.length;
  for (let index = 0; index < count; index++)
    writer.text(numbers.readUInt32BE(index * 4) === known ? name : '');
  return writer.finish().subarray(start);
}

const usersGroupsById: RequestHandler = ({ owner }, id, reader) => {
  const users = namesOf(reader.bytes(), owner.uid, owner.user);
  const groups = namesOf(reader.bytes(), owner.gid, owner.group);
  return { order: FREE, run: async () => extendedReply(id, (writer) => writer.bytes(users).bytes(groups)) };
};

interface Extension {
  /** As announced in VERSION. */
  readonly version: string;
  readonly handler: RequestHandler;
}

/** Every extension served, by the name it is announced and requested under (OpenSSH's PROTOCOL file, section 4). */
export const EXTENSIONS: ReadonlyMap<string, Extension> = new Map([
  ['posix-rename@openssh.com', { version: '1', handler: rename(true) }],
  ['statvfs@openssh.com', { version: '2', handler: statvfs }],
  ['fstatvfs@openssh.com', { version: '2', handler: fstatvfs }],
  ['hardlink@openssh.com', { version: '1', handler: hardlink }],
  ['fsync@openssh.com', { version: '1', handler: fsync }],
  ['lsetstat@openssh.com', { version: '1', handler: lsetstat }],
  ['limits@openssh.com', { version: '1', handler: limits }],
  ['expand-path@openssh.com', { version: '1', handler: expandPath }],
  ['copy-data', { version: '1', handler: copyData }],
  ['home-directory', { version: '1', handler: homeDirectory }],
  ['users-groups-by-id@openssh.com', { version: '1', handler: usersGroupsById }],
]);

export function extended(
  context: RequestContext,
  id: number,
  reader: PacketReader,
): ReturnType<RequestHandler> {
  const extension = EXTENSIONS.get(reader.ascii());
  if (extension === undefined) throw new StatusError(STATUS.OP_UNSUPPORTED, 'the extension is not supported');
  return extension.handler(context, id, reader);
}
