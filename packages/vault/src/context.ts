import type { Author, CryptoProvider, DirectoryIdentity, RootKeys } from '@latchkey/encryption';
import type { Store } from '@latchkey/store';
import type { BlobWriter } from './content/blob-writer.js';
import type { SegmentReader } from './content/segment-reader.js';
import type { TransferBudget } from './content/transfer-budget.js';
import type { Directories } from './directory/directories.js';
import type { PageCache } from './directory/page-cache.js';
import type { Pins } from './directory/pins.js';
import type { Sweeper } from './directory/sweeper.js';
import type { OpenFiles } from './files/open-files.js';
import type { HybridClock } from './hybrid-clock.js';

/** What the parts of one open vault share. Nothing here outlives the vault. */
export interface VaultContext {
  readonly store: Store;
  readonly provider: CryptoProvider;
  readonly vaultId: Uint8Array;
  readonly author: Author;
  readonly keys: RootKeys;
  /** The root directory, which never moves and never dies. */
  readonly rootIdentity: DirectoryIdentity;
  readonly rootLinkId: Uint8Array;
  readonly writer: BlobWriter;
  readonly directories: Directories;
  readonly pages: PageCache;
  readonly segments: SegmentReader;
  readonly budget: TransferBudget;
  readonly openFiles: OpenFiles;
  readonly pins: Pins;
  readonly sweeper: Sweeper;
  readonly clock: HybridClock;
  /** Zeros behind the content of segments. */
  readonly padding: 'none' | 'padme';
  /** How long, in seconds, a released blob stays for readers that still hold its key. */
  readonly graceSeconds: number;
}
