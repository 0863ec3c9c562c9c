import { describe, expect, it } from 'vitest';
import { type KeyUse, recordingProvider } from './recording-provider.js';
import { filler, Victim } from './victim.js';

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;
/** One segment holds 64 MiB. */
const CHUNKS_OF_A_SEGMENT = 1024;
/** A file of more than one full segment. */
const BYTES = 66 * MIB;

const seals: KeyUse[] = [];
const provider = recordingProvider((use) => {
  if (use.doing === 'seal') seals.push(use);
});

async function* blocks(): AsyncGenerator<Uint8Array> {
  const block = filler(MIB, 'block');
  for (let at = 0; at < BYTES; at += MIB) yield block;
}

await Victim.make(
  async (session) => {
    await session.write(['large'], blocks());
    for (let round = 0; round < 50; round++)
      await session.write([`small ${round}`], filler(3000, `${round}`));
  },
  { provider },
);

function byKey(primitive: KeyUse['primitive']): Map<string, KeyUse[]> {
  const uses = new Map<string, KeyUse[]>();
  for (const use of seals) {
    if (use.primitive === primitive) uses.set(use.key, [...(uses.get(use.key) ?? []), use]);
  }
  return uses;
}

describe('attack 19: no cipher is used past its limits', () => {
  it('AES-GCM: at most 1,024 messages of at most 64 KiB under a key, with a counter and no random nonce', () => {
    const keys = byKey('aes-256-gcm');
    const most = Math.max(...[...keys.values()].map((uses) => uses.length));
    expect(most).toBe(CHUNKS_OF_A_SEGMENT);
    for (const uses of keys.values()) {
      expect(uses.length).toBeLessThanOrEqual(CHUNKS_OF_A_SEGMENT);
      uses.forEach(({ nonce, bytes }, index) => {
        const last = index === uses.length - 1;
        expect(nonce).toBe(index.toString(16).padStart(22, '0') + (last ? '01' : '00'));
        expect(bytes).toBeLessThanOrEqual(CHUNK);
      });
    }
  });

  it('ChaCha20-Poly1305: one message under a key, far below 256 GiB', () => {
    const keys = byKey('chacha20-poly1305');
    expect(keys.size).toBeGreaterThan(100);
    for (const uses of keys.values()) {
      expect(uses.length).toBe(1);
      expect(uses[0]?.bytes).toBeLessThan(MIB);
    }
  });
});
