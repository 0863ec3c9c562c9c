import { readAppendix } from './content/appendix.js';
import type { VaultContext } from './context.js';
import { VaultError } from './errors.js';
import { type DigestCache, digestOf } from './files/digest.js';
import { openFile } from './files/open.js';
import { readAll, writeAll } from './files/stream.js';
import { changeAttributes } from './names/attributes.js';
import { copyEntry } from './names/copy.js';
import { listAll, listPage, statEntry } from './names/list.js';
import { makeDirectory } from './names/make-directory.js';
import { refuseEmptyNames, splitPath } from './names/path.js';
import { removeDirectory, removeEntry } from './names/remove.js';
import { renameEntry } from './names/rename.js';
import { resolveDirectory } from './names/resolve.js';
import { makeSymlink, readSymlink } from './names/symlink.js';
import type {
  Appendix,
  ComposeOptions,
  ObjectAttributes,
  ObjectEntry,
  ObjectListOptions,
  ObjectPage,
  ObjectReader,
  ObjectSession,
  PublishOptions,
  Removal,
  Stretch,
  WriteObjectOptions,
} from './object-session.js';
import { changeObject } from './objects/change.js';
import { composeObject } from './objects/compose.js';
import { listObjects, openObject, statObject } from './objects/look.js';
import { writeObject } from './objects/put.js';
import { makeMarker, removeMarker, removeObject } from './objects/remove.js';
import type {
  Attributes,
  Borrowed,
  CopyOptions,
  DigestName,
  Entry,
  FileHandle,
  ListPage,
  OpenOptions,
  Path,
  RemoveOptions,
  RenameOptions,
  SpaceUsage,
  WriteOptions,
} from './session.js';
import { rethrow, told, toldReader } from './told.js';
import type { VersionSession } from './version-session.js';
import { OwnerVersions } from './versions/session.js';

/** The session of the owner, who may do everything. Its methods only name the operations and translate failures. */
export class OwnerSession implements ObjectSession {
  readonly #context: VaultContext;
  readonly #digests: DigestCache;
  readonly versions: VersionSession;

  constructor(context: VaultContext, digests: DigestCache) {
    this.#context = context;
    this.#digests = digests;
    this.versions = new OwnerVersions(context, (work) => this.#run(work));
  }

  stat(path: Path): Promise<Entry> {
    return this.#named([path], async () => {
      try {
        return await statEntry(this.#context, path);
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== 'not-found' || path.length === 0) throw error;
        return this.#statUnpublished(path, error);
      }
    });
  }

  list(path: Path, options: { after?: string; limit?: number } = {}): Promise<ListPage> {
    return this.#named([path], () => listPage(this.#context, path, options));
  }

  async *entries(path: Path): AsyncGenerator<Entry> {
    this.#mustBeOpen();
    refuseEmptyNames(path);
    try {
      yield* listAll(this.#context, path);
    } catch (error) {
      throw told(error);
    }
  }

  open(path: Path, options: OpenOptions): Promise<FileHandle> {
    return this.#named(
      [path],
      async () => new TranslatingHandle(await openFile(this.#context, path, options)),
    );
  }

  async *read(path: Path, range: { offset?: number; length?: number } = {}): AsyncGenerator<Uint8Array> {
    this.#mustBeOpen();
    refuseEmptyNames(path);
    try {
      yield* readAll(this.#context, path, range);
    } catch (error) {
      throw told(error);
    }
  }

  write(
    path: Path,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<Entry> {
    return this.#named([path], () => writeAll(this.#context, path, source, options), false);
  }

  digest(path: Path, algorithm: DigestName): Promise<string> {
    return this.#named([path], () => digestOf(this.#context, this.#digests, path, algorithm));
  }

  mkdir(path: Path, options: { recursive?: boolean; attributes?: Attributes } = {}): Promise<Entry> {
    return this.#named([path], () => makeDirectory(this.#context, path, options));
  }

  symlink(target: string, path: Path): Promise<Entry> {
    return this.#named([path], () => makeSymlink(this.#context, target, path));
  }

  readlink(path: Path): Promise<string> {
    return this.#named([path], () => readSymlink(this.#context, path));
  }

  setAttributes(path: Path, attributes: Attributes): Promise<Entry> {
    return this.#named([path], () => changeAttributes(this.#context, path, attributes));
  }

  rename(from: Path, to: Path, options: RenameOptions = {}): Promise<void> {
    return this.#named([from, to], () => renameEntry(this.#context, from, to, options));
  }

  copy(from: Path, to: Path, options: CopyOptions = {}): Promise<Entry> {
    return this.#named([from, to], () => copyEntry(this.#context, from, to, options));
  }

  remove(path: Path, options: RemoveOptions = {}): Promise<void> {
    return this.#named([path], () => removeEntry(this.#context, path, options.recursive === true));
  }

  rmdir(path: Path): Promise<void> {
    return this.#named([path], () => removeDirectory(this.#context, path));
  }

  space(): Promise<SpaceUsage> {
    return this.#run(async () =>
      this.#context.store.capabilities.freeSpace ? this.#context.store.freeSpace() : {},
    );
  }

  statObject(path: Path, first: 'directory' | 'file' = 'directory'): Promise<ObjectEntry> {
    return this.#run(() => statObject(this.#context, path, first));
  }

  changeObject(
    path: Path,
    change: (current: ObjectEntry) => ObjectAttributes,
    first: 'directory' | 'file' = 'directory',
  ): Promise<ObjectEntry> {
    return this.#run(() => changeObject(this.#context, path, change, first));
  }

  openObject(path: Path): Promise<ObjectReader> {
    return this.#run(async () => toldReader(await openObject(this.#context, path)));
  }

  readAppendix(appendix: Appendix, offset = 0, length: number = appendix.size): Promise<Uint8Array> {
    return this.#run(() => readAppendix(this.#context, appendix, offset, length));
  }

  listObjects(path: Path, options: ObjectListOptions = {}): Promise<ObjectPage> {
    return this.#run(() => listObjects(this.#context, path, options));
  }

  writeObject(
    path: Path,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: WriteObjectOptions = {},
  ): Promise<ObjectEntry> {
    return this.#run(() => writeObject(this.#context, path, source, options), false);
  }

  composeObject(sources: readonly Stretch[], to: Path, options: ComposeOptions): Promise<ObjectEntry> {
    return this.#run(() => composeObject(this.#context, sources, to, options));
  }

  removeObject(
    path: Path,
    options: Pick<PublishOptions, 'precondition' | 'existing'> = {},
  ): Promise<Removal> {
    return this.#run(() => removeObject(this.#context, path, options));
  }

  makeMarker(path: Path, options: PublishOptions = {}): Promise<ObjectEntry> {
    return this.#run(() => makeMarker(this.#context, path, options));
  }

  removeMarker(path: Path, options: Pick<PublishOptions, 'existing' | 'precondition'> = {}): Promise<void> {
    return this.#run(() => removeMarker(this.#context, path, options));
  }

  #mustBeOpen(): void {
    if (this.#context.writer.closed) throw new VaultError('closed', 'the vault is closed');
  }

  async #statUnpublished(path: Path, missing: VaultError): Promise<Entry> {
    const { parent, name } = splitPath(path);
    const { directory } = await resolveDirectory(this.#context, parent, 'read');
    const file = this.#context.openFiles.get(directory.id, name);
    if (file === undefined) throw missing;
    return file.stat();
  }

  /** The same for methods that know no empty names. */
  #named<T>(paths: readonly Path[], work: () => Promise<T>, again = true): Promise<T> {
    return this.#run(async () => {
      refuseEmptyNames(...paths);
      return work();
    }, again);
  }

  /** A blob that has gone while its record was being read: the second look finds the newer record. */
  async #run<T>(work: () => Promise<T>, again = true): Promise<T> {
    this.#mustBeOpen();
    try {
      return await work();
    } catch (error) {
      if (!again || !(error instanceof VaultError) || error.code !== 'stale') throw told(error);
    }
    try {
      return await work();
    } catch (error) {
      const final = told(error);
      if (final.code !== 'stale') throw final;
      throw new VaultError('damaged', final.message, { cause: final });
    }
  }
}

/** A handle whose failures below the vault are told in the vault's words. */
class TranslatingHandle implements FileHandle {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }
  stat(): Promise<Entry> {
    return this.#handle.stat().catch(rethrow);
  }
  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#handle.read(offset, length).catch(rethrow);
  }
  readPieces(offset: number, length: number): Promise<Borrowed> {
    return this.#handle.readPieces(offset, length).catch(rethrow);
  }
  borrow(offset: number, length: number): Promise<Borrowed> {
    return this.#handle.borrow(offset, length).catch(rethrow);
  }
  write(offset: number, data: Uint8Array): Promise<void> {
    return this.#handle.write(offset, data).catch(rethrow);
  }
  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size).catch(rethrow);
  }
  setAttributes(attributes: Attributes): Promise<void> {
    return this.#handle.setAttributes(attributes).catch(rethrow);
  }
  sync(): Promise<void> {
    return this.#handle.sync().catch(rethrow);
  }
  close(): Promise<void> {
    return this.#handle.close().catch(rethrow);
  }
  abandon(): Promise<void> {
    return this.#handle.abandon();
  }
}
