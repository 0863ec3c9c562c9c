import { describeStore } from '@latchkey/store/conformance';
import type { FileStoreOptions } from '@latchkey/store-file';
import { freshDirectory, openStore } from './medium.js';

const settings: Record<string, Partial<FileStoreOptions>> = {
  'durability full': { durability: 'full', reserveBytes: 4096 },
  'durability relaxed': { durability: 'relaxed' },
  'without links, durability full': { durability: 'full', publication: 'directory', reserveBytes: 4096 },
  'without links, durability relaxed': {
    durability: 'relaxed',
    publication: 'directory',
    reserveBytes: 4096,
  },
  'with few open files and no reserve': { durability: 'relaxed', openFiles: 1, reserveBytes: 0 },
};

for (const [name, options] of Object.entries(settings)) {
  describeStore(`store in a directory, ${name}`, async () => {
    const { path, remove } = freshDirectory();
    return {
      store: await openStore(path, options),
      reopen: () => openStore(path, options),
      cleanup: async () => remove(),
    };
  });
}

describeStore('store in a directory, some with links and some without', async () => {
  const { path, remove } = freshDirectory();
  let openings = 0;
  const open = () =>
    openStore(path, { publication: openings++ % 2 === 0 ? 'detect' : 'directory', reserveBytes: 4096 });
  return { store: await open(), reopen: open, cleanup: async () => remove() };
});
