/** The encrypted tree over a store: the library that adapters, the CLI and other programs build on. */

export { VAULT_ERROR_CODES, VaultError, type VaultErrorCode } from './errors.js';
export { lend } from './files/lend.js';
export type { CheckOptions, CheckProblem, CheckReport } from './maintenance/check.js';
export type { GcOptions, GcReport } from './maintenance/gc.js';
export { resolveLinks, statThroughLinks, throughLinks } from './names/follow-links.js';
export {
  type Appendix,
  type ComposeOptions,
  type Composition,
  type ContentProperties,
  type NewProperties,
  type ObjectAttributes,
  type ObjectEntry,
  type ObjectListOptions,
  type ObjectPage,
  type ObjectReader,
  type ObjectSession,
  type Precondition,
  type PublishOptions,
  STAGING,
  type Stretch,
  type WriteObjectOptions,
} from './object-session.js';
export type { VaultSettings } from './open-context.js';
export type {
  Attributes,
  Borrowed,
  CopyOptions,
  DigestName,
  Entry,
  EntryKind,
  FileHandle,
  ListPage,
  OpenOptions,
  Path,
  RemoveOptions,
  RenameOptions,
  SpaceUsage,
  Timestamp,
  VaultSession,
  WriteOptions,
} from './session.js';
export {
  type CreateVaultOptions,
  type OpenVaultOptions,
  type SlotInfo,
  Vault,
  type VaultInfo,
} from './vault.js';
export {
  type BucketInfo,
  type Keeping,
  NULL_VERSION_ID,
  type RemoveVersionOptions,
  type Retention,
  type VersionChange,
  type VersionEntry,
  type VersionListOptions,
  type VersionPage,
  type VersionSession,
} from './version-session.js';
