import { throughLinks } from '@latchkey/vault';
import { nameReply, okReply } from '../codec/replies.js';
import { decodeName, decodePath } from '../paths.js';
import { throughBothLinks } from './files.js';
import { onPaths, type RequestHandler } from './request.js';

export const readlink: RequestHandler = ({ vault }, id, reader) => {
  const path = decodePath(reader.bytes());
  return {
    order: onPaths(false, path),
    run: async () => nameReply(id, await throughLinks(vault, path, false, (at) => vault.readlink(at))),
  };
};

/**
 * The draft has the link first and the target second. OpenSSH sends them the other way round, and every client in use
 * does as OpenSSH does (its PROTOCOL file, section 4.1).
 */
export const symlink: RequestHandler = ({ vault }, id, reader) => {
  const target = decodeName(reader.bytes());
  const path = decodePath(reader.bytes());
  return {
    order: onPaths(true, path),
    async run() {
      await throughLinks(vault, path, false, (at) => vault.symlink(target, at));
      return okReply(id);
    },
  };
};

/** hardlink@openssh.com. The vault has no second names; a copy shares the content and is as cheap. */
export const hardlink: RequestHandler = ({ vault }, id, reader) => {
  const from = decodePath(reader.bytes());
  const to = decodePath(reader.bytes());
  return {
    order: onPaths(true, from, to),
    async run() {
      await throughBothLinks(vault, from, to, (source, target) => vault.copy(source, target));
      return okReply(id);
    },
  };
};
