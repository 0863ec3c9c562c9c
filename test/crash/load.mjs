// The mixed load: what a worker does next, what that makes of its files, and doing it. The program that is killed
// and the test that judges it share this module, so both mean the same by an operation.
import { contentOf, frameBytes, LEAST_FRAME } from './frames.mjs';

/** @typedef {import('./frames.mjs').Frame} Frame */
/**
 * The files and directories of one worker, by path. Nobody else touches them.
 * @typedef {{ files: Record<string, Frame[]>, directories: string[] }} State
 */
/**
 * @typedef {{ kind: 'write', path: string, frame: Frame }
 *   | { kind: 'append', path: string, frame: Frame }
 *   | { kind: 'patch', path: string, at: number, frame: Frame }
 *   | { kind: 'cut', path: string, size: number }
 *   | { kind: 'rename', from: string, to: string }
 *   | { kind: 'remove', path: string }
 *   | { kind: 'mkdir', path: string }
 *   | { kind: 'rename-directory', from: string, to: string }
 *   | { kind: 'remove-tree', path: string }} Operation
 */
/**
 * What carries operations out. A method resolves when the operation is acknowledged.
 * @typedef {{
 *   write(path: string, bytes: Buffer): Promise<unknown>,
 *   append(path: string, bytes: Buffer): Promise<unknown>,
 *   patch(path: string, at: number, bytes: Buffer): Promise<unknown>,
 *   cut(path: string, size: number): Promise<unknown>,
 *   rename(from: string, to: string): Promise<unknown>,
 *   remove(path: string): Promise<unknown>,
 *   mkdir(path: string): Promise<unknown>,
 *   renameDirectory(from: string, to: string): Promise<unknown>,
 *   removeTree?: (path: string) => Promise<unknown>,
 * }} Target
 */

/** A directory in which all workers have files, so that their changes share commits. */
export const SHARED = 'shared';
const NAMES = 8;
const DIRECTORIES = 4;

/** @param {number} worker */
export const home = (worker) => `w${worker}`;

/** @param {number} worker @param {string} path */
export function owns(worker, path) {
  return path.startsWith(`${home(worker)}/`) || path.startsWith(`${SHARED}/${home(worker)}-`);
}

/**
 * @param {() => number} random from 0 to below 1
 * @param {number} worker
 * @param {State} state
 * @param {{ version: number, removesTrees: boolean }} options
 * @returns {Operation}
 */
export function nextOperation(random, worker, state, { version, removesTrees }) {
  const one = (/** @type {readonly string[]} */ from) => from[Math.floor(random() * from.length)] ?? '';
  const places = [home(worker), ...state.directories];
  const anywhere = () =>
    random() < 0.3
      ? `${SHARED}/${home(worker)}-${Math.floor(random() * NAMES)}`
      : `${one(places)}/f${Math.floor(random() * NAMES)}`;
  const frame = () => ({ id: `w${worker}`, version, size: sizeOf(random()) });
  const files = Object.keys(state.files);
  const choice = random();
  if (files.length < 3 || choice < 0.3) return { kind: 'write', path: anywhere(), frame: frame() };
  if (choice < 0.42) return { kind: 'append', path: one(files), frame: frame() };
  if (choice < 0.52) return patch(random, one(files), state, { id: `w${worker}`, version });
  if (choice < 0.58) return cut(random, one(files), state);
  if (choice < 0.74) {
    const from = one(files);
    const to = anywhere();
    return from === to ? { kind: 'remove', path: from } : { kind: 'rename', from, to };
  }
  if (choice < 0.84) return { kind: 'remove', path: one(files) };
  const fresh = `${one(places.filter((place) => place.split('/').length < 3))}/d${Math.floor(random() * DIRECTORIES)}`;
  const known = state.directories.includes(fresh);
  if (choice < 0.91 || state.directories.length === 0) {
    return known ? { kind: 'write', path: `${fresh}/f0`, frame: frame() } : { kind: 'mkdir', path: fresh };
  }
  const moved = one(state.directories);
  if (removesTrees && (known || choice > 0.97)) return { kind: 'remove-tree', path: moved };
  if (known || fresh === moved || fresh.startsWith(`${moved}/`))
    return { kind: 'write', path: anywhere(), frame: frame() };
  return { kind: 'rename-directory', from: moved, to: fresh };
}

/** Inline, one chunk, and several of them; now and then more than a mebibyte. @param {number} random */
function sizeOf(random) {
  if (random < 0.45) return LEAST_FRAME + Math.floor(random * 1500);
  if (random < 0.9) return 1000 + Math.floor(random * 60_000);
  return random < 0.98 ? 300_000 : 1_500_000;
}

/** @param {() => number} random @param {string} path @param {State} state @param {{ id: string, version: number }} as @returns {Operation} */
function patch(random, path, state, { id, version }) {
  const frames = state.files[path] ?? [];
  const index = Math.floor(random() * frames.length);
  const at = frames.slice(0, index).reduce((sum, frame) => sum + frame.size, 0);
  return { kind: 'patch', path, at, frame: { id, version, size: frames[index]?.size ?? LEAST_FRAME } };
}

/** @param {() => number} random @param {string} path @param {State} state @returns {Operation} */
function cut(random, path, state) {
  const frames = state.files[path] ?? [];
  const keep = Math.floor(random() * (frames.length + 1));
  return { kind: 'cut', path, size: frames.slice(0, keep).reduce((sum, frame) => sum + frame.size, 0) };
}

/**
 * What an operation makes of a state, which stays as it was.
 * @param {State} state @param {Operation} operation @returns {State}
 */
export function after(state, operation) {
  const files = { ...state.files };
  const directories = [...state.directories];
  const below = (/** @type {string} */ path, /** @type {string} */ top) =>
    path === top || path.startsWith(`${top}/`);
  switch (operation.kind) {
    case 'write':
      return { files: { ...files, [operation.path]: [operation.frame] }, directories };
    case 'append':
      return {
        files: { ...files, [operation.path]: [...(files[operation.path] ?? []), operation.frame] },
        directories,
      };
    case 'patch': {
      let at = 0;
      const frames = (files[operation.path] ?? []).map((frame) => {
        const here = at === operation.at;
        at += frame.size;
        return here ? operation.frame : frame;
      });
      return {
        files: { ...files, [operation.path]: frames.length > 0 ? frames : [operation.frame] },
        directories,
      };
    }
    case 'cut': {
      let end = 0;
      const frames = (files[operation.path] ?? []).filter((frame) => {
        end += frame.size;
        return end <= operation.size;
      });
      return { files: { ...files, [operation.path]: frames }, directories };
    }
    case 'rename': {
      const frames = files[operation.from] ?? [];
      delete files[operation.from];
      return { files: { ...files, [operation.to]: frames }, directories };
    }
    case 'remove':
      delete files[operation.path];
      return { files, directories };
    case 'mkdir':
      return { files, directories: [...directories, operation.path] };
    case 'remove-tree':
      return {
        files: Object.fromEntries(Object.entries(files).filter(([path]) => !below(path, operation.path))),
        directories: directories.filter((path) => !below(path, operation.path)),
      };
    case 'rename-directory': {
      const moved = (/** @type {string} */ path) =>
        below(path, operation.from) ? operation.to + path.slice(operation.from.length) : path;
      return {
        files: Object.fromEntries(Object.entries(files).map(([path, frames]) => [moved(path), frames])),
        directories: directories.map(moved),
      };
    }
  }
}

/**
 * Every state in which a crash during an operation may leave a worker's files. A file that moves between directories
 * may be found in both: a crash leaves a copy, never a loss.
 * @param {State} state @param {Operation | undefined} operation @returns {State[]}
 */
export function possibleAfterCrash(state, operation) {
  if (operation === undefined) return [state];
  const done = after(state, operation);
  if (operation.kind !== 'rename') return [state, done];
  return [
    state,
    done,
    { ...done, files: { ...done.files, [operation.from]: state.files[operation.from] ?? [] } },
  ];
}

/** @param {Target} target @param {Operation} operation */
export async function perform(target, operation) {
  switch (operation.kind) {
    case 'write':
      return target.write(operation.path, contentOf([operation.frame]));
    case 'append':
      return target.append(operation.path, frameBytes(operation.frame));
    case 'patch':
      return target.patch(operation.path, operation.at, frameBytes(operation.frame));
    case 'cut':
      return target.cut(operation.path, operation.size);
    case 'rename':
      return target.rename(operation.from, operation.to);
    case 'remove':
      return target.remove(operation.path);
    case 'mkdir':
      return target.mkdir(operation.path);
    case 'rename-directory':
      return target.renameDirectory(operation.from, operation.to);
    case 'remove-tree':
      return target.removeTree?.(operation.path);
  }
}

/**
 * A worker's endless day. `tell` hears of every operation before it begins and after it is acknowledged.
 * @param {Target} target
 * @param {{ worker: number, state: State, random: () => number, firstVersion: number }} job
 * @param {(event: { worker: number, begin?: Operation, done?: true }) => void} tell
 */
export async function work(target, { worker, state, random, firstVersion }, tell) {
  const removesTrees = target.removeTree !== undefined;
  for (let version = firstVersion; ; version++) {
    const operation = nextOperation(random, worker, state, { version, removesTrees });
    tell({ worker, begin: operation });
    await perform(target, operation);
    state = after(state, operation);
    tell({ worker, done: true });
  }
}
