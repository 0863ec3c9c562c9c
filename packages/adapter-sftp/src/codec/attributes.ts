import type { Entry } from '@latchkey/vault';
import { ATTR_FLAG, MODE_TYPE } from './constants.js';
import { MalformedPacketError, type PacketReader } from './reader.js';
import type { PacketWriter } from './writer.js';

/** Section 5: file attributes as a client sends them. What is absent stays as it is. */
export interface FileAttributes {
  /** Bytes. */
  readonly size?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Mode, file type bits included when the client sent them. */
  readonly permissions?: number;
  /** Seconds since 1970, 0 to 2^32 - 1. */
  readonly accessed?: number;
  /** Seconds since 1970, 0 to 2^32 - 1. */
  readonly modified?: number;
}

/** Who owns everything, as far as clients are shown owners at all. The vault has no owners. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
}

const MAX_EXTENDED_PAIRS = 64;
const MAX_SECONDS = 0xffff_ffff;

/** Reads ATTRS. Extended pairs are read and dropped, as the draft allows. */
export function readAttributes(reader: PacketReader): FileAttributes {
  const flags = reader.uint32();
  const size = flags & ATTR_FLAG.SIZE ? reader.uint64() : undefined;
  const owner = flags & ATTR_FLAG.UIDGID ? { uid: reader.uint32(), gid: reader.uint32() } : undefined;
  const permissions = flags & ATTR_FLAG.PERMISSIONS ? reader.uint32() : undefined;
  const times =
    flags & ATTR_FLAG.ACMODTIME ? { accessed: reader.uint32(), modified: reader.uint32() } : undefined;
  if ((flags & ATTR_FLAG.EXTENDED) !== 0) {
    const count = reader.uint32();
    if (count > MAX_EXTENDED_PAIRS) throw new MalformedPacketError('too many extended attributes');
    for (let i = 0; i < count * 2; i++) reader.bytes();
  }
  return {
    ...(size === undefined ? {} : { size }),
    ...(owner === undefined ? {} : { owner }),
    ...(permissions === undefined ? {} : { permissions }),
    ...times,
  };
}

/** The POSIX mode of an entry, with its file type bits. */
export function entryMode(entry: Entry): number {
  return MODE_TYPE[entry.kind] | (entry.mode & 0o7777);
}

/** Seconds that fit the 32 bits of version 3: earlier times become 1970, later ones 2106. */
export function wireSeconds(seconds: number): number {
  return Math.min(Math.max(Math.trunc(seconds), 0), MAX_SECONDS);
}

/** Writes ATTRS with size, owner, mode and times; the access time is the time of modification. */
export function writeAttributes(writer: PacketWriter, entry: Entry, owner: Owner): void {
  const modified = wireSeconds(entry.modified.seconds);
  writer
    .uint32(ATTR_FLAG.SIZE | ATTR_FLAG.UIDGID | ATTR_FLAG.PERMISSIONS | ATTR_FLAG.ACMODTIME)
    .uint64(entry.size)
    .uint32(owner.uid)
    .uint32(owner.gid)
    .uint32(entryMode(entry))
    .uint32(modified)
    .uint32(modified);
}
