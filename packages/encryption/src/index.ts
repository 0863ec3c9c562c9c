/** The format of Latchkey as functions from bytes to bytes. docs/format.md is the specification. */

export { base32Decode, base32Encode } from './base32.js';
export { equalBytes } from './bytes.js';
export { decodeCbor } from './cbor/decode.js';
export { encodeCbor } from './cbor/encode.js';
export { type ExtraFields, Fields } from './cbor/fields.js';
export type { CborMap, CborValue } from './cbor/value.js';
export {
  ALL_OPERATIONS,
  type Certificate,
  type CertificateFields,
  certificateId,
  checkNarrows,
  encodeCertificate,
  keyFingerprint,
  MAX_CERTIFICATE_BYTES,
  OPERATIONS,
  signCertificate,
  verifyCertificate,
  verifyChain,
} from './certificate.js';
export {
  type Appendix,
  type ContentFields,
  type Draft,
  decodeContent,
  encodeContent,
  MAX_APPENDIX_BYTES,
  MAX_LINK_TARGET_BYTES,
} from './content.js';
export {
  type DirectoryIdentity,
  type DirectoryKeys,
  type DirectoryListIdentity,
  type DirectoryListKeys,
  deriveDirectory,
  deriveListKeys,
  deriveListSecret,
  newDirectory,
  newLinkId,
} from './directory.js';
export { ENCRYPTION_ERROR_CODES, EncryptionError, type EncryptionErrorCode } from './errors.js';
export { type EscrowFields, openEscrow, sealEscrow } from './escrow.js';
export {
  type Counters,
  type Head,
  type HeadListing,
  headEscrow,
  isHead,
  MAX_HEAD_BYTES,
  MAX_OPERATIONS,
  MAX_TREE_LEVEL,
  openHead,
  openHeadListing,
  sealHead,
} from './head.js';
export {
  MAX_HEADER_BYTES,
  type Padding,
  type ParsedHeader,
  parseHeader,
  type VaultHeader,
} from './header/fields.js';
export { deriveRootKeys, type RootKeys } from './header/keys.js';
export {
  ARGON2_BOUNDS,
  DEFAULT_ARGON2,
  type KeySlot,
  MAX_SLOTS,
  type PassphraseSlot,
  type RecoverySlot,
} from './header/slot.js';
export type { TopDirectory } from './header/top.js';
export {
  addPassphraseSlot,
  addRecoverySlot,
  MAX_PASSPHRASE_BYTES,
  removeSlot,
  unlockWithPassphrase,
  unlockWithWords,
} from './header/unlock.js';
export { createVault, encodeHeader, ownerAuthor, type VerifiedHeader, verifyHeader } from './header/vault.js';
export { type HpkeMessage, hpkeOpen, hpkeSeal } from './hpke.js';
export { type Lease, openLease, sealLease } from './lease.js';
export {
  type DirectoryLink,
  decodeListing,
  encodeListing,
  type ListingFields,
  MAX_RECORD_BYTES,
  type RecordKind,
  type RecordTime,
} from './listing.js';
export { type ExtentMap, MAX_MAP_BYTES, type MapContents, openMap, sealMap } from './map.js';
export {
  MAX_MARK_BYTES,
  MAX_UNFENCED,
  type MoveMark,
  type MoveRegister,
  openMark,
  openMoves,
  sealMark,
  sealMoves,
} from './moves.js';
export { checkKey, checkName, compareKeys, isName, MAX_NAME_BYTES, utf8Length } from './names.js';
export { padmeSize } from './padding.js';
export {
  isPage,
  MAX_PAGE_BYTES,
  MAX_PAGE_ITEMS,
  openPage,
  PAGE_TARGET_BYTES,
  type Page,
  type PageContents,
  pageDigest,
  pageEscrow,
  sealPage,
} from './page.js';
export {
  MAX_LITERAL_BYTES,
  MAX_MAP_ITEMS,
  MAX_MAP_LEVEL,
  MAX_RECORD_PIECES,
  type MapRef,
  type Piece,
  pieceLength,
} from './pieces.js';
export {
  BLOB_REF_BYTES,
  type BlobRef,
  blobPath,
  HEADER_PATHS,
  headPath,
  leasePath,
  MOVES_PATH,
  SESSION_BYTES,
} from './places.js';
export type {
  Argon2Cost,
  ChunkRun,
  CryptoProvider,
  HashName,
  IncrementalHash,
  RunCrypto,
} from './provider.js';
export {
  type Author,
  isTombstone,
  type ListedRecord,
  RECORD_SIGNATURE_BYTES,
  type RecordVerifier,
  type SealedRecord,
  signRecord,
  tombstone,
  verifyRecord,
} from './record.js';
export {
  MAX_RELEASES_BYTES,
  openReleases,
  type Release,
  type ReleaseKind,
  sealReleases,
} from './releases.js';
export type { PageRef } from './rows.js';
export { kdf, open, SEAL_OVERHEAD, seal } from './seal.js';
export {
  CHUNK_BYTES,
  chunkCount,
  chunkRange,
  SEGMENT_HEADER_BYTES,
  SEGMENT_MAX,
  type SegmentRange,
  segmentBlobSize,
  segmentSizeOfBlob,
  TAG_BYTES,
  trailerRange,
} from './segment/layout.js';
export { chunksOf, SegmentOpener, type SegmentRef } from './segment/opener.js';
export { runBytes } from './segment/run.js';
export { scrubSegment } from './segment/scrub.js';
export { SegmentSealer } from './segment/sealer.js';
export {
  type Keeping,
  type Retention,
  splitVersionKey,
  versionKey,
  versionOrder,
  versionPlace,
} from './versions.js';
