// The load's operations on a vault session.

/** @param {string} path */
const names = (path) => path.split('/');

/**
 * @param {import('@latchkey/vault').VaultSession} session
 * @returns {import('./load.mjs').Target}
 */
export function libraryTarget(session) {
  return {
    write: (path, bytes) => session.write(names(path), bytes),
    async append(path, bytes) {
      const handle = await session.open(names(path), { write: true, append: true });
      await handle.write(0, bytes);
      await handle.close();
    },
    async patch(path, at, bytes) {
      const handle = await session.open(names(path), { write: true });
      // In two halves, so that the publication has to be what makes it one.
      await handle.write(at, bytes.subarray(0, bytes.length >> 1));
      await handle.write(at + (bytes.length >> 1), bytes.subarray(bytes.length >> 1));
      await handle.close();
    },
    async cut(path, size) {
      const handle = await session.open(names(path), { write: true });
      await handle.truncate(size);
      await handle.close();
    },
    rename: (from, to) => session.rename(names(from), names(to), { replace: true }),
    remove: (path) => session.remove(names(path)),
    mkdir: (path) => session.mkdir(names(path)),
    renameDirectory: (from, to) => session.rename(names(from), names(to)),
    removeTree: (path) => session.remove(names(path), { recursive: true }),
  };
}
