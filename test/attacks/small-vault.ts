import { isPage } from '@latchkey/encryption';
import type { VaultSession } from '@latchkey/vault';
import { filler, Victim } from './victim.js';

/** Commits of a directory after which it must have folded its changes into pages. */
const MANY = 140;

/** A vault with one object of every kind, each as small as its kind can be. */
export function smallVault(): Promise<Victim> {
  return Victim.make(async (session, _vault, store) => {
    const pages = (): number =>
      [...store.snapshot().objects.values()].filter(({ bytes }) => isPage(bytes)).length;
    await fill(session, pages);
  });
}

async function fill(session: VaultSession, pages: () => number): Promise<void> {
  const metadata = new Map([['colour', 'blue']]);
  await session.mkdir(['docs']);
  await session.write(['docs', 'inline'], Buffer.from('a few bytes'), {
    attributes: { metadata, mode: 0o640 },
  });
  await session.write(['docs', 'segment'], filler(1500, 'segment'));
  await session.symlink('inline', ['docs', 'link']);
  await sparse(session);
  await session.mkdir(['paged']);
  await leavePages(session, pages);
  // A directory that changes its parent is the one thing that makes the register of moves.
  await session.mkdir(['docs', 'child']);
  await session.rename(['docs', 'child'], ['paged', 'child']);
  // So that nothing is left but what the tree needs: release notes count whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await session.setAttributes(['paged', 'n1'], { mode: 0o600 });
}

/** Short stretches with holes between them: too many pieces for a record, so they go to a map. */
async function sparse(session: VaultSession): Promise<void> {
  const handle = await session.open(['docs', 'sparse'], { write: true, create: true });
  for (let index = 0; index < 6; index++)
    await handle.write(index * 300_000, Buffer.from(`stretch ${index}`));
  await handle.close();
}

/** Fills a directory until it has pages and empties it again until there is one small one. */
async function leavePages(session: VaultSession, pages: () => number): Promise<void> {
  const names = Array.from({ length: MANY }, (_, index) => `n${index}`);
  await Promise.all(names.map((name) => session.write(['paged', name], Buffer.from(name))));
  await nudge(session, () => pages() > 0);
  const filled = pages();
  await Promise.all(names.slice(3).map((name) => session.remove(['paged', name])));
  await nudge(session, () => pages() > filled);
}

/** Commits until the fold that goes on in the background has been installed. */
async function nudge(session: VaultSession, done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    await session.setAttributes(['paged', 'n0'], { mode: 0o600 + (tries % 8) });
    if (done()) {
      await session.setAttributes(['paged', 'n0'], { mode: 0o644 });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('the directory never folded its changes into pages');
}
