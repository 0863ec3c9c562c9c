import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type {
  Attributes,
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
  VaultErrorCode,
  VaultSession,
  WriteOptions,
} from '@latchkey/vault';
import { VaultError } from '@latchkey/vault';

/** A plain model of a vault session in memory, for tests of this package: no encryption, no store, no concurrency. */

interface Node {
  kind: EntryKind;
  content: Buffer;
  target: string;
  modified: Timestamp;
  created: Timestamp;
  mode: number;
  metadata: ReadonlyMap<string, string>;
  revision: number;
  id: string;
  draft: boolean;
  children: Map<string, Node>;
}

let serial = 0;

function now(): Timestamp {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanoseconds: (ms % 1000) * 1_000_000 };
}

function makeNode(kind: EntryKind, attributes: Attributes = {}): Node {
  serial += 1;
  const time = now();
  return {
    kind,
    content: Buffer.alloc(0),
    target: '',
    modified: attributes.modified ?? time,
    created: time,
    mode: attributes.mode ?? (kind === 'directory' ? 0o755 : kind === 'symlink' ? 0o777 : 0o644),
    metadata: attributes.metadata ?? new Map(),
    revision: 1,
    id: serial.toString(16).padStart(8, '0'),
    draft: false,
    children: new Map(),
  };
}

function fail(code: VaultErrorCode, path: Path): never {
  throw new VaultError(code, `${code}: /${path.join('/')}`);
}

function apply(node: Node, attributes: Attributes): void {
  if (attributes.modified !== undefined) node.modified = attributes.modified;
  if (attributes.mode !== undefined) node.mode = attributes.mode;
  if (attributes.metadata !== undefined) node.metadata = attributes.metadata;
  node.revision += 1;
}

function entryOf(name: string, node: Node): Entry {
  const { kind, modified, created, mode, metadata, revision, id, draft } = node;
  const size = kind === 'file' ? node.content.length : Buffer.byteLength(node.target);
  return { name, kind, size, modified, created, mode, metadata, revision, id, draft };
}

function resized(content: Buffer, size: number): Buffer {
  if (size <= content.length) return Buffer.from(content.subarray(0, size));
  return Buffer.concat([content, Buffer.alloc(size - content.length)]);
}

class MemoryHandle implements FileHandle {
  readonly #owner: MemorySession;
  readonly #name: string;
  readonly #node: Node;
  readonly #options: OpenOptions;
  #content: Buffer;
  #length: number;
  #attributes: Attributes = {};
  #closed = false;

  constructor(owner: MemorySession, name: string, node: Node, options: OpenOptions) {
    this.#owner = owner;
    this.#name = name;
    this.#node = node;
    this.#options = options;
    this.#content = options.truncate === true ? Buffer.alloc(0) : Buffer.from(node.content);
    this.#length = this.#content.length;
    owner.openHandles += 1;
  }

  #open(): void {
    if (this.#closed) throw new VaultError('closed', 'the handle is closed');
  }

  async stat(): Promise<Entry> {
    this.#open();
    const modified = this.#attributes.modified ?? this.#node.modified;
    return {
      ...entryOf(this.#name, this.#node),
      modified,
      size: this.#length,
      mode: this.#attributes.mode ?? this.#node.mode,
    };
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#open();
    if (this.#owner.gate !== undefined) await this.#owner.gate;
    return Buffer.from(this.#content.subarray(offset, Math.min(offset + length, this.#length)));
  }

  /** Memory that is given back holds something else at once, so that no test passes that reads it still. */
  async readPieces(offset: number, length: number) {
    const bytes = await this.read(offset, length);
    return { pieces: bytes.length === 0 ? [] : [bytes], giveBack: () => void bytes.fill(0xee) };
  }

  borrow(offset: number, length: number) {
    return this.readPieces(offset, length);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#open();
    this.#owner.beforeWrite();
    if (this.#owner.gate !== undefined) await this.#owner.gate;
    const at = this.#options.append === true ? this.#length : offset;
    const end = at + data.length;
    if (end > this.#content.length)
      this.#content = resized(this.#content, Math.max(end, this.#content.length * 2));
    if (at > this.#length) this.#content.fill(0, this.#length, at);
    this.#content.set(data, at);
    this.#length = Math.max(this.#length, end);
  }

  async truncate(size: number): Promise<void> {
    this.#open();
    this.#content = resized(this.#content.subarray(0, this.#length), size);
    this.#length = size;
  }

  async setAttributes(attributes: Attributes): Promise<void> {
    this.#open();
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  async sync(): Promise<void> {
    this.#open();
    if (this.#options.write !== true) return;
    this.#owner.syncs += 1;
    this.#node.content = Buffer.from(this.#content.subarray(0, this.#length));
    this.#node.draft = false;
    this.#node.modified = now();
    apply(this.#node, this.#attributes);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#owner.beforeClose();
    await this.sync();
    this.#end();
  }

  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#owner.abandoned.push(this.#name);
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    this.#owner.openHandles -= 1;
  }
}

export class MemorySession implements VaultSession {
  readonly #root: Node = makeNode('directory');
  /** Names of the files whose handles were abandoned. */
  readonly abandoned: string[] = [];
  openHandles = 0;
  syncs = 0;
  space_: SpaceUsage = { total: 1_000 * 1024 * 1024, available: 400 * 1024 * 1024 };
  /** Reads and writes of handles wait for it. */
  gate: Promise<void> | undefined;
  /** Tests make these throw. */
  beforeWrite: () => void = () => {};
  beforeClose: () => void = () => {};
  beforeStat: (path: Path) => void = () => {};

  #lookup(path: Path): Node {
    let node = this.#root;
    for (const name of path) {
      if (node.kind !== 'directory') fail('not-a-directory', path);
      node = node.children.get(name) ?? fail('not-found', path);
    }
    return node;
  }

  #parent(path: Path): [parent: Node, name: string] {
    const name = path.at(-1);
    if (name === undefined) fail('invalid-argument', path);
    if (Buffer.byteLength(name) > 1024) fail('invalid-name', path);
    const parent = this.#lookup(path.slice(0, -1));
    if (parent.kind !== 'directory') fail('not-a-directory', path);
    return [parent, name];
  }

  async stat(path: Path): Promise<Entry> {
    this.beforeStat(path);
    return entryOf(path.at(-1) ?? '', this.#lookup(path));
  }

  async list(path: Path, options: { after?: string; limit?: number } = {}): Promise<ListPage> {
    const node = this.#lookup(path);
    if (node.kind !== 'directory') fail('not-a-directory', path);
    const key = (name: string, child: Node): Buffer =>
      Buffer.from(child.kind === 'directory' ? `${name}/` : name);
    const sorted = [...node.children].sort(([a, x], [b, y]) => Buffer.compare(key(a, x), key(b, y)));
    const start = options.after === undefined ? 0 : Number(options.after);
    const end = start + (options.limit ?? 1000);
    const entries = sorted.slice(start, end).map(([name, child]) => entryOf(name, child));
    return end < sorted.length ? { entries, next: String(end) } : { entries };
  }

  async *entries(path: Path): AsyncGenerator<Entry> {
    let after: string | undefined;
    do {
      const page: ListPage = await this.list(path, after === undefined ? {} : { after });
      yield* page.entries;
      after = page.next;
    } while (after !== undefined);
  }

  async open(path: Path, options: OpenOptions): Promise<FileHandle> {
    const [parent, name] = this.#parent(path);
    let node = parent.children.get(name);
    if (node === undefined) {
      if (options.create !== true) fail('not-found', path);
      node = makeNode('file', options.attributes);
      node.draft = true;
      parent.children.set(name, node);
    } else if (options.exclusive === true) fail('exists', path);
    if (node.kind === 'directory') fail('is-a-directory', path);
    if (node.kind === 'symlink') fail('invalid-argument', path);
    return new MemoryHandle(this, name, node, options);
  }

  async *read(path: Path, range: { offset?: number; length?: number } = {}): AsyncGenerator<Uint8Array> {
    const { content, kind } = this.#lookup(path);
    if (kind !== 'file') fail('is-a-directory', path);
    const offset = range.offset ?? 0;
    yield content.subarray(offset, offset + (range.length ?? content.length));
  }

  async write(
    path: Path,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<Entry> {
    if (options.parents === true && path.length > 1) await this.mkdir(path.slice(0, -1), { recursive: true });
    const pieces: Uint8Array[] = [];
    if (source instanceof Uint8Array) pieces.push(source);
    else for await (const piece of source) pieces.push(Buffer.from(piece));
    const { exclusive = false, attributes = {} } = options;
    const handle = await this.open(path, {
      write: true,
      create: true,
      truncate: true,
      exclusive,
      attributes,
    });
    await handle.write(0, Buffer.concat(pieces));
    await handle.close();
    return this.stat(path);
  }

  async digest(path: Path, algorithm: DigestName): Promise<string> {
    const { content, kind } = this.#lookup(path);
    if (kind !== 'file') fail('is-a-directory', path);
    if (algorithm === 'crc32') return crc32(content).toString(16).padStart(8, '0');
    return createHash(algorithm).update(content).digest('hex');
  }

  async mkdir(path: Path, options: { recursive?: boolean; attributes?: Attributes } = {}): Promise<Entry> {
    if (options.recursive === true && path.length > 1)
      await this.mkdir(path.slice(0, -1), { recursive: true });
    if (path.length === 0) fail('exists', path);
    const [parent, name] = this.#parent(path);
    const known = parent.children.get(name);
    if (known === undefined) parent.children.set(name, makeNode('directory', options.attributes));
    else if (options.recursive !== true || known.kind !== 'directory') fail('exists', path);
    return this.stat(path);
  }

  async symlink(target: string, path: Path): Promise<Entry> {
    const [parent, name] = this.#parent(path);
    if (parent.children.has(name)) fail('exists', path);
    const node = makeNode('symlink');
    node.target = target;
    parent.children.set(name, node);
    return entryOf(name, node);
  }

  async readlink(path: Path): Promise<string> {
    const node = this.#lookup(path);
    if (node.kind !== 'symlink') fail('invalid-argument', path);
    return node.target;
  }

  async setAttributes(path: Path, attributes: Attributes): Promise<Entry> {
    apply(this.#lookup(path), attributes);
    return this.stat(path);
  }

  async rename(from: Path, to: Path, options: RenameOptions = {}): Promise<void> {
    const node = this.#lookup(from);
    const [source, oldName] = this.#parent(from);
    const [target, newName] = this.#parent(to);
    if (to.length > from.length && from.every((name, index) => name === to[index]))
      fail('invalid-argument', to);
    const existing = target.children.get(newName);
    if (existing !== undefined) this.#checkReplace(existing, node, to, options.replace === true);
    source.children.delete(oldName);
    target.children.set(newName, node);
  }

  #checkReplace(existing: Node, node: Node, to: Path, replace: boolean): void {
    if (!replace) fail('exists', to);
    if (existing.kind === 'directory') {
      if (node.kind !== 'directory') fail('is-a-directory', to);
      if (existing.children.size > 0) fail('not-empty', to);
    } else if (node.kind === 'directory') fail('not-a-directory', to);
  }

  async copy(from: Path, to: Path, options: CopyOptions = {}): Promise<Entry> {
    const node = this.#lookup(from);
    if (node.kind === 'directory') fail('is-a-directory', from);
    const [target, name] = this.#parent(to);
    const existing = target.children.get(name);
    if (existing !== undefined) this.#checkReplace(existing, node, to, options.replace === true);
    target.children.set(name, {
      ...makeNode(node.kind),
      content: node.content,
      target: node.target,
      mode: node.mode,
    });
    return this.stat(to);
  }

  async remove(path: Path, options: RemoveOptions = {}): Promise<void> {
    const node = this.#lookup(path);
    if (node.kind === 'directory' && options.recursive !== true) fail('is-a-directory', path);
    const [parent, name] = this.#parent(path);
    parent.children.delete(name);
  }

  async rmdir(path: Path): Promise<void> {
    const node = this.#lookup(path);
    if (node.kind !== 'directory') fail('not-a-directory', path);
    if (node.children.size > 0) fail('not-empty', path);
    const [parent, name] = this.#parent(path);
    parent.children.delete(name);
  }

  async space(): Promise<SpaceUsage> {
    return this.space_;
  }
}
