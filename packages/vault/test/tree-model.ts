/** A tree of files in memory, in the fewest words: what the vault must look like from outside. */

export type ModelNode = ModelFile | ModelDirectory | ModelLink;

export interface ModelFile {
  readonly kind: 'file';
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly seconds?: number;
  readonly metadata: string;
}

export interface ModelDirectory {
  readonly kind: 'directory';
  readonly children: Map<string, ModelNode>;
  readonly mode: number;
}

export interface ModelLink {
  readonly kind: 'symlink';
  readonly target: string;
}

export class ModelError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function fail(code: string): never {
  throw new ModelError(code);
}

export const directory = (mode = 0o755): ModelDirectory => ({ kind: 'directory', children: new Map(), mode });
export const file = (bytes: Uint8Array, mode = 0o644, metadata = ''): ModelFile => ({
  kind: 'file',
  bytes,
  mode,
  metadata,
});

export type Names = readonly string[];

export class TreeModel {
  readonly root: ModelDirectory = directory();

  find(path: Names): ModelNode | undefined {
    let node: ModelNode | undefined = this.root;
    for (const name of path) {
      if (node?.kind !== 'directory') return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** Every path that leads to something, directories (the root among them) and the rest. */
  all(): { directories: Names[]; files: Names[] } {
    const directories: Names[] = [[]];
    const files: Names[] = [];
    const visit = (node: ModelDirectory, path: Names): void => {
      for (const [name, child] of node.children) {
        const below = [...path, name];
        if (child.kind === 'directory') {
          directories.push(below);
          visit(child, below);
        } else {
          files.push(below);
        }
      }
    };
    visit(this.root, []);
    return { directories, files };
  }

  /** The directory that holds the last name. */
  parent(path: Names): { children: Map<string, ModelNode>; name: string } {
    let node: ModelNode = this.root;
    for (const name of path.slice(0, -1)) {
      const next: ModelNode | undefined = node.kind === 'directory' ? node.children.get(name) : undefined;
      if (next === undefined) fail('not-found');
      if (next.kind !== 'directory') fail('not-a-directory');
      node = next;
    }
    return { children: (node as ModelDirectory).children, name: path.at(-1) ?? fail('invalid-argument') };
  }

  stat(path: Names): ModelNode {
    if (path.length === 0) return this.root;
    const { children, name } = this.parent(path);
    return children.get(name) ?? fail('not-found');
  }

  mkdir(path: Names): void {
    const { children, name } = this.parent(path);
    if (children.has(name)) fail('exists');
    children.set(name, directory());
  }

  makeAll(path: Names): void {
    for (let depth = 1; depth <= path.length; depth++) {
      const { children, name } = this.parent(path.slice(0, depth));
      const there = children.get(name);
      if (there === undefined) children.set(name, directory());
      else if (there.kind !== 'directory') fail('not-a-directory');
    }
  }

  write(path: Names, bytes: Uint8Array, options: { exclusive?: boolean; mode?: number } = {}): void {
    const { children, name } = this.parent(path);
    const there = children.get(name);
    if (there !== undefined && options.exclusive === true) fail('exists');
    if (there?.kind === 'directory') fail('is-a-directory');
    if (there?.kind === 'symlink') fail('invalid-argument');
    const mode = options.mode ?? there?.mode ?? 0o644;
    children.set(name, { kind: 'file', bytes, mode, metadata: there?.metadata ?? '' });
  }

  /** Changes the content of a file that is there, or that `create` makes. */
  edit(path: Names, create: boolean, change: (bytes: Uint8Array) => Uint8Array): void {
    const { children, name } = this.parent(path);
    const there = children.get(name);
    if (there === undefined && !create) fail('not-found');
    if (there?.kind === 'directory') fail('is-a-directory');
    if (there?.kind === 'symlink') fail('invalid-argument');
    const old = there ?? file(new Uint8Array(0));
    const { seconds: _, ...rest } = old;
    children.set(name, { ...rest, bytes: change(old.bytes) });
  }

  symlink(target: string, path: Names): void {
    const { children, name } = this.parent(path);
    if (children.has(name)) fail('exists');
    children.set(name, { kind: 'symlink', target });
  }

  rename(from: Names, to: Names, replace: boolean): void {
    const source = this.parent(from);
    const target = this.parent(to);
    const moved = source.children.get(source.name) ?? fail('not-found');
    const there = target.children.get(target.name);
    if (source.children === target.children && source.name === target.name) return;
    if (moved.kind === 'directory') {
      const inside = to.length > from.length && from.every((name, index) => name === to[index]);
      if (there !== undefined && !replace) fail('exists');
      if (there !== undefined && there.kind !== 'directory') fail('not-a-directory');
      if (inside) fail('invalid-argument');
      if (there?.kind === 'directory' && there.children.size > 0) fail('not-empty');
    } else if (there !== undefined) {
      if (!replace) fail('exists');
      if (there.kind === 'directory') fail('is-a-directory');
    }
    source.children.delete(source.name);
    target.children.set(target.name, moved);
  }

  copy(from: Names, to: Names, replace: boolean): void {
    const source = this.parent(from);
    const node = source.children.get(source.name) ?? fail('not-found');
    if (node.kind === 'directory') fail('is-a-directory');
    const target = this.parent(to);
    const there = target.children.get(target.name);
    if (there !== undefined && !replace) fail('exists');
    if (there?.kind === 'directory') fail('is-a-directory');
    target.children.set(target.name, node);
  }

  remove(path: Names, recursive: boolean): void {
    const { children, name } = this.parent(path);
    const there = children.get(name) ?? fail('not-found');
    if (there.kind === 'directory' && !recursive) fail('is-a-directory');
    children.delete(name);
  }

  rmdir(path: Names): void {
    const { children, name } = this.parent(path);
    const there = children.get(name) ?? fail('not-found');
    if (there.kind !== 'directory') fail('not-a-directory');
    if (there.children.size > 0) fail('not-empty');
    children.delete(name);
  }

  setAttributes(path: Names, attributes: { mode: number; seconds: number; metadata: string }): void {
    const { children, name } = this.parent(path);
    const there = children.get(name) ?? fail('not-found');
    if (there.kind === 'file') children.set(name, { ...there, ...attributes });
    if (there.kind === 'directory') children.set(name, { ...there, mode: attributes.mode });
  }

  /** Names in the order in which the vault lists them: by bytes, a directory as its name and a slash. */
  list(path: Names): string[] {
    const node = path.length === 0 ? this.root : this.stat(path);
    if (node.kind !== 'directory') fail('not-a-directory');
    const keys = [...node.children].map(([name, child]) => (child.kind === 'directory' ? `${name}/` : name));
    return keys
      .map((key) => ({ key, hex: Buffer.from(key).toString('hex') }))
      .sort((a, b) => (a.hex < b.hex ? -1 : 1))
      .map(({ key }) => key.replace(/\/$/, ''));
  }
}
