/** Bounds of the tree. Those that touch bytes in the store are normative in docs/format.md. */

/** Content of at most this many bytes lives inside its record. */
export const INLINE_BYTES = 1024;
/** The same of what a protocol keeps beside content. */
export const APPENDIX_INLINE_BYTES = 256;
/** Pieces that a record holds itself; longer lists go to a map blob. */
export const RECORD_PIECES = 8;
/** Pieces or references in one map blob. */
export const MAP_ITEMS = 1024;
/** Attributes, metadata and content of one record together, in bytes. */
export const RECORD_BYTES = 8 * 1024;
/** Of them for attributes and metadata: what is left always has room for content and a draft. */
export const LISTING_BYTES = 4 * 1024;
/** Records in a leaf page, and references in an index page or a head. */
export const PAGE_RECORDS = 256;
/** Bytes of records in a leaf page. */
export const PAGE_BYTES = 64 * 1024;
/** Changes that a head gathers before they are folded into pages. */
export const FOLD_CHANGES = 128;
/** Bytes of changes past which a commit waits for the fold. */
export const HEAD_CHANGE_BYTES = 176 * 1024;
/** Bytes of page references in a head; more go to an index page, so that long first keys cannot fill the head. */
export const HEAD_TREE_BYTES = 32 * 1024;
/** Bytes of changes, references and release notes in a head: its limit without what every head has. */
export const HEAD_BYTES = 256 * 1024 - 10 * 1024;
/** Changes that may ride in one commit: fewer than the operation ids a head remembers. */
export const COMMIT_BATCH = 160;
/** Operation ids that a head remembers. */
export const HEAD_OPERATIONS = 256;
/** Released blobs that a head lists itself; longer lists spill into a blob. */
export const HEAD_RELEASED = 1024;
/** Release notes of shared blobs are kept this long, in seconds, so that gc spares what slow operations carry. */
export const RELEASE_NOTE_SECONDS = 24 * 60 * 60;
/**
 * Old references are put down, and release notes sent, within this many milliseconds of the look that found them
 * (docs/concurrency.md).
 */
export const CARRY_MS = 15 * 60 * 1000;
/** A draft nobody resumed expires after this many seconds. */
export const DRAFT_SECONDS = 7 * 24 * 60 * 60;
/** How stale, in milliseconds, the ancestors of a directory that is read may be. */
export const ANCESTOR_AGE_MS = 1000;
