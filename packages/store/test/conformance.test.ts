/** The suite itself: each rule that matters is broken by a store made for it, and the suite notices. */
import {
  type ByteRange,
  type ETag,
  ForwardingStore,
  MemoryStore,
  type RegisterState,
  type StoreKey,
} from '@latchkey/store';
import { checkRule, type Rule, STORE_RULES, unknownDeviations } from '@latchkey/store/conformance';
import { describe, expect, test } from 'vitest';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Looks, waits, and writes: what an engine without real conditional writes does. */
class LateSwap extends ForwardingStore {
  override async swapRegister(key: StoreKey, expected: ETag | null, bytes: Uint8Array): Promise<ETag> {
    const state = await this.inner.readRegister(key);
    if ((state.status === 'value' ? state.etag : null) !== expected) {
      return this.inner.swapRegister(key, expected, bytes);
    }
    await turn();
    const now = await this.inner.readRegister(key);
    return this.inner.swapRegister(key, now.status === 'value' ? now.etag : null, bytes);
  }
}

/** Sets a register by removing it first. */
class GapSwap extends ForwardingStore {
  override async swapRegister(key: StoreKey, expected: ETag | null, bytes: Uint8Array): Promise<ETag> {
    const state = await this.inner.readRegister(key);
    if (expected !== null && state.status === 'value' && state.etag === expected) {
      await this.inner.delete([key]);
      await turn();
      return this.inner.swapRegister(key, null, bytes);
    }
    return this.inner.swapRegister(key, expected, bytes);
  }
}

class StaleRead extends ForwardingStore {
  override async readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return known === undefined ? this.inner.readRegister(key) : { status: 'unchanged' };
  }
}

class PartialPut extends ForwardingStore {
  override async putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (body instanceof Uint8Array) return this.inner.putBlob(key, body);
    let whole = new Uint8Array(0);
    for await (const chunk of body) {
      whole = Uint8Array.from([...whole, ...chunk.subarray(0, 10)]);
      await this.inner.putBlob(key, whole);
    }
  }
}

class KeptChunks extends ForwardingStore {
  override async putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (body instanceof Uint8Array) return this.inner.putBlob(key, body);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const replay = async function* () {
      yield* chunks;
    };
    await this.inner.putBlob(key, replay());
  }
}

class LongRange extends ForwardingStore {
  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.inner.getBlob(key, { offset: range.offset, length: range.length + 1 });
  }
}

const broken: [string, new (inner: MemoryStore) => ForwardingStore, string][] = [
  ['swaps that look first and write later', LateSwap, 'of 32 concurrent swaps exactly one wins'],
  ['swaps that look first and write later', LateSwap, 'counting by writers who retry'],
  ['swaps with a gap', GapSwap, 'readers during swaps never find the register absent'],
  ['validation that always says unchanged', StaleRead, 'a known tag that still holds'],
  ['puts that show while they are written', PartialPut, 'a blob is not visible while'],
  ['puts that leave half of a failed source', PartialPut, 'a source that throws'],
  ['puts that keep the chunks of a source', KeptChunks, 'a blob reads back'],
  ['ranges one byte too long', LongRange, 'ranges are exact'],
];

function ruleOf(beginning: string): Rule {
  const found = STORE_RULES.filter((rule) => rule.id.startsWith(beginning));
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('the conformance suite', () => {
  test.each(broken)('notices %s (%#)', async (_, Broken, beginning) => {
    const store = new Broken(new MemoryStore());
    const context = { store, another: async () => store };
    await expect(checkRule(ruleOf(beginning), context)).rejects.toThrow();
    await checkRule(ruleOf(beginning), context, 'known to be broken');
  });

  test('fails a deviation that is not needed, and one that names no rule', async () => {
    const store = new MemoryStore();
    const context = { store, another: async () => store };
    const rule = ruleOf('an empty store lists nothing');
    await expect(checkRule(rule, context, 'once was')).rejects.toThrow('not needed: once was');
    expect(unknownDeviations({ [rule.id]: 'a reason', 'no such rule': 'a reason' })).toEqual([
      'no such rule',
    ]);
  });

  test('has no two rules of one name', () => {
    expect(new Set(STORE_RULES.map((rule) => rule.id)).size).toBe(STORE_RULES.length);
  });
});
