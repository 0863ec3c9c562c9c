import type { Keeping } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { ObjectReader } from '../object-session.js';
import type { Entry, Path } from '../session.js';
import { toldReader } from '../told.js';
import type {
  BucketInfo,
  RemoveVersionOptions,
  VersionChange,
  VersionEntry,
  VersionListOptions,
  VersionPage,
  VersionSession,
} from '../version-session.js';
import { changeVersion, removeVersion } from './change.js';
import { bucketInfo, bucketKeeping } from './keeping.js';
import { listVersions, openVersion, statVersion } from './look.js';
import { makeBucket, setKeeping } from './set-keeping.js';

/** Runs an operation with the session's translation of failures. */
export type Run = <T>(work: () => Promise<T>) => Promise<T>;

/** Versions as the owner sees them. */
export class OwnerVersions implements VersionSession {
  readonly #context: VaultContext;
  readonly #run: Run;

  constructor(context: VaultContext, run: Run) {
    this.#context = context;
    this.#run = run;
  }

  bucket(name: string): Promise<BucketInfo | undefined> {
    return this.#run(() => bucketInfo(this.#context, name));
  }

  keeping(bucket: string): Promise<Keeping | undefined> {
    return this.#run(() => bucketKeeping(this.#context, bucket));
  }

  makeBucket(bucket: string, keeping: Keeping): Promise<Entry> {
    return this.#run(() => makeBucket(this.#context, bucket, keeping));
  }

  setKeeping(bucket: string, change: (old: Keeping | undefined) => Keeping | undefined): Promise<void> {
    return this.#run(() => setKeeping(this.#context, bucket, change));
  }

  list(path: Path, options: VersionListOptions = {}): Promise<VersionPage> {
    return this.#run(() => listVersions(this.#context, path, options));
  }

  stat(path: Path, id?: string): Promise<VersionEntry> {
    return this.#run(() => statVersion(this.#context, path, id));
  }

  open(path: Path, id: string): Promise<ObjectReader> {
    return this.#run(async () => toldReader(await openVersion(this.#context, path, id)));
  }

  remove(path: Path, id: string, options: RemoveVersionOptions = {}): Promise<VersionEntry> {
    return this.#run(() => removeVersion(this.#context, path, id, options));
  }

  change(
    path: Path,
    id: string | undefined,
    change: (current: VersionEntry) => VersionChange,
    options: Pick<RemoveVersionOptions, 'overrideGovernance'> = {},
  ): Promise<VersionEntry> {
    return this.#run(() => changeVersion(this.#context, path, id, change, options));
  }
}
