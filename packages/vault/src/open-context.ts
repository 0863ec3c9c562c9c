import type { CryptoProvider, VerifiedHeader } from '@latchkey/encryption';
import type { Store } from '@latchkey/store';
import { BlobWriter } from './content/blob-writer.js';
import { SegmentReader } from './content/segment-reader.js';
import { TransferBudget } from './content/transfer-budget.js';
import type { VaultContext } from './context.js';
import { Directories } from './directory/directories.js';
import { PageCache } from './directory/page-cache.js';
import { Pins } from './directory/pins.js';
import { Sweeper } from './directory/sweeper.js';
import { OpenFiles } from './files/open-files.js';
import { HybridClock } from './hybrid-clock.js';

const MIB = 1024 * 1024;
const DEFAULT_CACHE_BYTES = 64 * MIB;
const DEFAULT_TRANSFER_BYTES = 64 * MIB;
const DEFAULT_GRACE_SECONDS = 60;

/** What bounds the memory of an open vault. */
export interface VaultSettings {
  /** Bytes of memory for decoded heads and pages, half for each, 1 MiB and up. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** Bytes of content on its way to or from the store, over all files, 1 MiB and up. Default 64 MiB. */
  readonly transferBytes?: number;
  /** Seconds for which released blobs are kept for readers. Default 60, for a store on this machine. */
  readonly graceSeconds?: number;
}

export function makeContext(
  options: VaultSettings & { readonly store: Store; readonly provider: CryptoProvider },
  { header, keys, top, author }: VerifiedHeader,
): VaultContext {
  const { store, provider } = options;
  const cacheBytes = Math.max(MIB, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
  const transferBytes = Math.max(MIB, options.transferBytes ?? DEFAULT_TRANSFER_BYTES);
  const graceSeconds = options.graceSeconds ?? DEFAULT_GRACE_SECONDS;
  const { vaultId } = header;
  const directories = new Directories(cacheBytes / 2);
  const context: VaultContext = {
    store,
    provider,
    vaultId,
    author,
    keys,
    rootIdentity: { uid: top.uid, generation: top.generation, readSecret: top.readSecret },
    rootLinkId: top.linkId,
    writer: new BlobWriter(store, provider, vaultId, keys.leaseKey),
    directories,
    pages: new PageCache({ store, provider, vaultId }, cacheBytes / 2),
    segments: new SegmentReader(store, provider, vaultId, transferBytes / 2),
    budget: new TransferBudget(transferBytes / 2),
    openFiles: new OpenFiles(),
    pins: new Pins(),
    sweeper: new Sweeper(store, graceSeconds, directories),
    clock: new HybridClock(),
    padding: header.padding,
    graceSeconds,
  };
  directories.attach(context);
  return context;
}
