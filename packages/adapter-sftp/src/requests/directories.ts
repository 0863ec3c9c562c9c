import { throughLinks } from '@latchkey/vault';
import { readAttributes } from '../codec/attributes.js';
import { STATUS } from '../codec/constants.js';
import { handleReply, ListingReply, nameReply, okReply, statusReply } from '../codec/replies.js';
import { StatusError } from '../errors.js';
import { decodePath, formatPath } from '../paths.js';
import { OpenDirectory } from '../session/handles.js';
import { vaultAttributes } from './attributes.js';
import { FREE, onHandle, onListing, onPaths, type RequestHandler } from './request.js';

/** Bytes after which a page of a listing is sent. One entry takes at most about 3.3 KiB more. */
const LISTING_BYTES = 96 * 1024;

export const opendir: RequestHandler = ({ vault, handles, ended }, id, reader) => {
  const path = decodePath(reader.bytes());
  handles.reserve();
  return {
    order: onListing(path),
    async run() {
      try {
        const directory = await throughLinks(vault, path, true, (at) => OpenDirectory.open(vault, at));
        if (ended.aborted) throw new StatusError(STATUS.FAILURE, 'the session has ended');
        return handleReply(id, handles.add(directory));
      } finally {
        handles.release();
      }
    },
  };
};

export const readdir: RequestHandler = ({ handles, owner }, id, reader) => {
  const directory = handles.directory(reader.bytes());
  return {
    order: onHandle(directory, true),
    replyBytes: LISTING_BYTES,
    async run() {
      const writers = handles.writersIn(directory.path);
      const reply = new ListingReply(id, owner, LISTING_BYTES / 4);
      // A page that has begun is sent rather than held back until the vault has the next one.
      while (reply.length < LISTING_BYTES && (reply.count === 0 || directory.ready)) {
        const entry = await directory.peek();
        if (entry === undefined) break;
        const writer = writers.get(entry.name);
        reply.add(writer === undefined ? entry : await writer.seen());
        directory.advance();
      }
      return reply.count === 0 ? statusReply(id, STATUS.EOF, 'end of directory') : reply.finish();
    },
  };
};

export const mkdir: RequestHandler = ({ vault }, id, reader) => {
  const path = decodePath(reader.bytes());
  const attributes = vaultAttributes(readAttributes(reader), false);
  return {
    order: onPaths(true, path),
    async run() {
      await throughLinks(vault, path, false, (at) => vault.mkdir(at, { attributes }));
      return okReply(id);
    },
  };
};

export const rmdir: RequestHandler = ({ vault }, id, reader) => {
  const path = decodePath(reader.bytes());
  return {
    order: onPaths(true, path),
    async run() {
      await throughLinks(vault, path, false, (at) => vault.rmdir(at));
      return okReply(id);
    },
  };
};

/** Makes a path absolute and normal. It need not exist, so nothing is asked of the vault. */
export const realpath: RequestHandler = (_context, id, reader) => {
  const path = decodePath(reader.bytes());
  return { order: FREE, run: async () => nameReply(id, formatPath(path)) };
};
