import { MemoryStore } from '@latchkey/store';
import { expect, it } from 'vitest';
import { collect, text } from './fresh-vault.js';
import { HookedStore } from './hooked-store.js';
import { emptyVault } from './template.js';

const until = Math.floor(Date.now() / 1000) + 3600;
const retention = { mode: 'compliance', until } as const;

it.each([
  ['removed', ['locked', 'd'], undefined],
  ['moved to where nothing is kept', ['locked', 'd'], ['open', 'd']],
  ['moved to the top', ['locked', 'd'], ['d']],
  ['removed with the top', ['locked'], undefined],
])('a directory with locks is not %s while another takes the name above it', async (_what, path, to) => {
  const hooked = new HookedStore(new MemoryStore());
  const vault = await (await emptyVault(hooked))();
  const session = vault.session();
  await session.mkdir(['open']);
  await session.versions.makeBucket('locked', { versions: 'all', locks: true });
  let head = '';
  await session.mkdir(['locked', 'd']);
  hooked.hook = ({ method, key }) => {
    if (method === 'swapRegister') head = key;
  };
  if (path.length === 1) await session.mkdir(['locked', 'e']);
  else await session.write(['locked', 'd', 'e'], text('e'));
  hooked.hook = undefined;
  const { versionId = '' } = await session.writeObject(['locked', 'd', 'f'], text('locked'), {
    attributes: { retention },
  });
  // The path has been found, and what it names is looked at.
  const looked = hooked.stopAt(
    ({ method, key, when }) => method === 'readRegister' && key === head && when === 'before',
  );
  const work = (
    to === undefined ? session.remove(path, { recursive: true }) : session.rename(path, to)
  ).catch(({ code }: { code: string }) => code);
  await looked.reached;
  await session.rename(['locked'], ['aside']);
  await session.mkdir(['locked']);
  looked.release();
  const outcome = await work;
  const reader = await session.versions.open(['aside', 'd', 'f'], versionId);
  expect(await collect(reader.stream())).toEqual(text('locked'));
  await reader.close();
  if (path.length > 1) expect(outcome).toBe('not-found');
  expect((await vault.check({ readContent: true })).problems).toEqual([]);
});

it.each([
  ['removed', undefined],
  ['moved to where nothing is kept', ['other', 'd']],
])('a directory that comes to where locks are is not %s on the way', async (_what, to) => {
  const hooked = new HookedStore(new MemoryStore());
  const vault = await (await emptyVault(hooked))();
  const session = vault.session();
  await session.mkdir(['other']);
  await session.mkdir(['open', 'p', 'd'], { recursive: true });
  await session.versions.makeBucket('locked', { versions: 'all', locks: true });
  let head = '';
  hooked.hook = ({ method, key }) => {
    if (method === 'swapRegister') head = key;
  };
  await session.write(['open', 'p', 'd', 'e'], text('e'));
  hooked.hook = undefined;
  const looked = hooked.stopAt(
    ({ method, key, when }) => method === 'readRegister' && key === head && when === 'before',
  );
  const path = ['open', 'p', 'd'];
  const work = (
    to === undefined ? session.remove(path, { recursive: true }) : session.rename(path, to)
  ).catch(({ code }: { code: string }) => code);
  await looked.reached;
  await session.rename(['open', 'p'], ['locked', 'p']);
  const { versionId = '' } = await session.writeObject(['locked', 'p', 'd', 'f'], text('locked'), {
    attributes: { retention },
  });
  looked.release();
  expect(await work).toBe('not-found');
  const reader = await session.versions.open(['locked', 'p', 'd', 'f'], versionId);
  expect(await collect(reader.stream())).toEqual(text('locked'));
  await reader.close();
});
