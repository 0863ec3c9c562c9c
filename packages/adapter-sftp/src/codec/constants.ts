/** Numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02). */

/** Section 3: packet types. */
export const PACKET = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

/** Section 7: status codes. */
export const STATUS = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  NO_CONNECTION: 6,
  CONNECTION_LOST: 7,
  OP_UNSUPPORTED: 8,
} as const;

export type StatusCode = (typeof STATUS)[keyof typeof STATUS];

/** Section 6.3: open flags. */
export const OPEN_FLAG = {
  READ: 0x01,
  WRITE: 0x02,
  APPEND: 0x04,
  CREAT: 0x08,
  TRUNC: 0x10,
  EXCL: 0x20,
} as const;

/** Section 5: which attributes are present. */
export const ATTR_FLAG = {
  SIZE: 0x01,
  UIDGID: 0x02,
  PERMISSIONS: 0x04,
  ACMODTIME: 0x08,
  EXTENDED: 0x80000000,
} as const;

/** File type bits of a POSIX mode. */
export const MODE_TYPE = { directory: 0o040000, file: 0o100000, symlink: 0o120000, mask: 0o170000 } as const;

export const SFTP_VERSION = 3;

/** Largest READ or WRITE payload announced through limits@openssh.com, in bytes. OpenSSH's own server has the same. */
export const MAX_TRANSFER_BYTES = 255 * 1024;

/** Largest packet announced, in bytes after the length field. */
export const MAX_PACKET_BYTES = 256 * 1024;

/** Largest packet accepted: a WRITE of 256 KiB with its handle and offset still fits. Beyond it the session ends. */
export const MAX_ACCEPTED_PACKET_BYTES = MAX_PACKET_BYTES + 1024;
