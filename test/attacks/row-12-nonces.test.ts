import { FaultyStore, RetryingStore, type Store, seededRandom } from '@latchkey/store';
import type { Vault, VaultSession } from '@latchkey/vault';
import { describe, expect, it } from 'vitest';
import { type KeyUse, recordingProvider } from './recording-provider.js';
import { collect, filler, Victim } from './victim.js';

const seals: KeyUse[] = [];
const provider = recordingProvider((use) => {
  if (use.doing === 'seal') seals.push(use);
});

/** The vault's own making is counted too. */
const victim = await Victim.make(async () => undefined, { provider });
const CONTENT = filler(300_000, 'content');

function repeated(): string[] {
  const seen = new Set<string>();
  return seals.flatMap(({ primitive, key, nonce }) => {
    const pair = `${primitive} ${key} ${nonce}`;
    if (seen.has(pair)) return [pair];
    seen.add(pair);
    return [];
  });
}

/** Runs `work` with every seal counted; expects some, and that no pair has ever come twice. */
async function counted(work: () => Promise<unknown>): Promise<void> {
  const before = seals.length;
  await work();
  expect(seals.length).toBeGreaterThan(before);
  expect(repeated()).toEqual([]);
}

const use = (work: (session: VaultSession, vault: Vault) => Promise<unknown>, store: Store = victim.store) =>
  victim.visit(work, { provider, store });

describe('attack 12: a key and a nonce are never used together twice', () => {
  it('when a file is overwritten by the same bytes again and again', async () => {
    await counted(() =>
      use(async (session) => {
        for (let round = 0; round < 5; round++) await session.write(['same'], CONTENT);
        for (let round = 0; round < 5; round++) await session.write(['short'], Buffer.from('the same text'));
      }),
    );
  });

  it('when one file is written by parts, out of order, over one another and appended to', async () => {
    await counted(() =>
      use(async (session) => {
        const handle = await session.open(['parts'], { write: true, create: true });
        for (const offset of [200_000, 0, 100_000, 0, 65_536, 65_536]) await handle.write(offset, CONTENT);
        await handle.sync();
        await handle.write(10, CONTENT.subarray(0, 5));
        await handle.truncate(70_000);
        await handle.close();
        const appending = await session.open(['parts'], { write: true, append: true });
        for (let round = 0; round < 3; round++) await appending.write(0, CONTENT.subarray(0, 30_000));
        await appending.close();
      }),
    );
  });

  it('when the store loses blobs and answers, and everything is tried again', async () => {
    const faulty = new FaultyStore(victim.store, {
      seed: 7,
      rates: { before: 0.1, after: 0.1, truncate: 0.1 },
    });
    const store = new RetryingStore(faulty, { sleep: async () => undefined, random: seededRandom(7) });
    await counted(() =>
      use(async (session) => {
        for (let round = 0; round < 30; round++) {
          await session.write([`retried ${round % 5}`], CONTENT.subarray(0, 20_000)).catch(() => undefined);
        }
        faulty.enabled = false;
      }, store),
    );
    expect(faulty.injected).toBeGreaterThan(20);
  });

  it('when an upload is abandoned and resumed by another program', async () => {
    await counted(async () => {
      for (let part = 0; part < 3; part++) {
        await use(async (session) => {
          const handle = await session.open(['resumed'], { write: true, create: true });
          await handle.write(part * 100_000, CONTENT.subarray(part * 100_000, (part + 1) * 100_000));
          if (part < 2) await handle.abandon();
          else await handle.close();
        });
      }
      const whole = await use(async (session) => collect(session.read(['resumed'])));
      expect(CONTENT.equals(whole as Buffer)).toBe(true);
    });
  });

  it('when programs die in the middle and begin again from what the store had then', async () => {
    await counted(async () => {
      const before = victim.store.snapshot();
      for (let round = 0; round < 4; round++) {
        victim.store.restore(before);
        // Neither the handle nor the vault is ever closed: the program is gone.
        const vault = await victim.open({ provider });
        const handle = await vault.session().open(['crash'], { write: true, create: true });
        await handle.write(0, CONTENT);
        if (round % 2 === 0) await handle.sync();
      }
    });
  });

  it('when two programs write the same from the same state, as after the copy of a machine', async () => {
    await counted(async () => {
      const one = await victim.open({ provider });
      const two = await victim.open({ provider });
      const writes = [one, two].flatMap((vault) =>
        Array.from({ length: 10 }, (_, index) => vault.session().write([`fork ${index % 3}`], CONTENT)),
      );
      await Promise.all(writes);
      await Promise.all([one.close(), two.close()]);
    });
  });

  it('and all of it was seen: both ciphers, hundreds of boxes', () => {
    expect(new Set(seals.map((seal) => seal.primitive))).toEqual(
      new Set(['aes-256-gcm', 'chacha20-poly1305']),
    );
    expect(seals.length).toBeGreaterThan(300);
  });
});
