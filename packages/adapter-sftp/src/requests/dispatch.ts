import { PACKET } from '../codec/constants.js';
import { fsetstat, fstat, lstat, setstat, stat } from './attributes.js';
import { mkdir, opendir, readdir, realpath, rmdir } from './directories.js';
import { extended } from './extensions.js';
import { close, open, read, remove, rename, write } from './files.js';
import { readlink, symlink } from './links.js';
import type { RequestHandler } from './request.js';

/** Every request of version 3 by its packet type. */
export const REQUESTS: ReadonlyMap<number, RequestHandler> = new Map<number, RequestHandler>([
  [PACKET.OPEN, open],
  [PACKET.CLOSE, close],
  [PACKET.READ, read],
  [PACKET.WRITE, write],
  [PACKET.LSTAT, lstat],
  [PACKET.FSTAT, fstat],
  [PACKET.SETSTAT, setstat],
  [PACKET.FSETSTAT, fsetstat],
  [PACKET.OPENDIR, opendir],
  [PACKET.READDIR, readdir],
  [PACKET.REMOVE, remove],
  [PACKET.MKDIR, mkdir],
  [PACKET.RMDIR, rmdir],
  [PACKET.REALPATH, realpath],
  [PACKET.STAT, stat],
  [PACKET.RENAME, rename(false)],
  [PACKET.READLINK, readlink],
  [PACKET.SYMLINK, symlink],
  [PACKET.EXTENDED, extended],
]);
