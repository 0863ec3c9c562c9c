import type { Vault } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryAt, headKey, ownerOf, pagesOf } from './insider.js';
import { expectRefused, refusal } from './refusal.js';
import { filler, Victim } from './victim.js';

const victim = await Victim.make(async (session) => {
  await session.mkdir(['folder']);
  await session.write(['folder', 'file'], filler(5000, 'first'));
});
const owner = ownerOf(victim);
const folder = headKey(directoryAt(victim, owner, ['folder']));
const root = headKey(directoryAt(victim, owner, []));
afterEach(() => victim.heal());

async function witness(): Promise<Vault> {
  const vault = await victim.open();
  await vault.session().write(['folder', 'file'], filler(5000, 'second'));
  return vault;
}

describe('attack 13: an older state comes back', () => {
  it.each([
    ['directory', folder],
    ['root directory', root],
  ])('a program that has seen a later head of the %s refuses the older one', async (_, key) => {
    const old = victim.bytes(key);
    const vault = await witness();
    await vault.session().write(['top'], Buffer.from('so that the root has a later head as well'));
    await victim.plant(key, old);
    const path = key === root ? ['top'] : ['folder', 'file'];
    const error = await expectRefused(victim, () => vault.session().stat(path));
    expect(error.message).toContain('older');
    await expectRefused(victim, () => vault.session().write(path, Buffer.from('over the older state')));
  });

  it('a program that has seen a later state refuses the whole older vault', async () => {
    const before = victim.store.snapshot();
    const vault = await witness();
    victim.store.restore(before);
    await expectRefused(victim, () => vault.session().stat(['folder', 'file']));
  });

  it('an older page is refused by everybody, because the head names the newer one', async () => {
    const made = await Victim.make(async (session) => {
      await session.mkdir(['paged']);
      for (let at = 0; at < 500; at += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            session.write(['paged', `n${at + index}`], Buffer.from('1')),
          ),
        );
      }
    });
    const [one, other] = pagesOf(made, ownerOf(made), ['paged']);
    await made.plant(one as string, made.bytes(other as string));
    const error = await refusal(() =>
      made.visit(async (session) => {
        for await (const _ of session.entries(['paged']));
      }),
    );
    expect(error.code).toBe('damaged');
  });

  it('an older header brings back no removed slot beside a newer copy', async () => {
    const old = victim.bytes('vault');
    const vault = await victim.open();
    const words = await vault.addRecovery();
    await vault.close();
    await victim.plant('vault', old);
    // The newer copy wins: what has been added since still opens.
    await victim.visit((session) => session.stat(['folder']), { words });
  });
});
