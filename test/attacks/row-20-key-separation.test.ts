import type { Piece } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import {
  directoryAt,
  fieldsOf,
  ownerOf,
  type RecordFields,
  readHead,
  recordBy,
  recordIn,
  stranger,
  withRecords,
  writeHead,
} from './insider.js';
import { recordingProvider } from './recording-provider.js';
import { expectRefused } from './refusal.js';
import { collect, Victim, wholeTree } from './victim.js';

const uses = new Map<string, Set<string>>();
const provider = recordingProvider(({ primitive, key }) => {
  uses.set(key, (uses.get(key) ?? new Set()).add(primitive));
});

const HOLE = 200_000;
const victim = await Victim.make(
  async (session, vault) => {
    await session.mkdir(['one']);
    await session.mkdir(['two']);
    const handle = await session.open(['one', 'sparse'], { write: true, create: true });
    await handle.write(0, Buffer.from('before'));
    await handle.write(HOLE, Buffer.from('behind'));
    await handle.close();
    await session.write(['one', 'segment'], Buffer.alloc(100_000, 7));
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => session.write(['two', `n${index}`], Buffer.from('x'))),
    );
    await session.rename(['one', 'segment'], ['two', 'segment']);
    await session.mkdir(['one', 'moving']);
    await session.rename(['one', 'moving'], ['two', 'moving']);
    await wholeTree(session);
    await vault.gc({ deadAfterMs: 0 });
    await vault.check({ readContent: true });
  },
  { provider },
);
const owner = ownerOf(victim);
const one = directoryAt(victim, owner, ['one']);
const head = readHead(victim, owner, one);
const sparse = recordIn(head, 'sparse');
afterEach(() => victim.heal());

describe('attack 20: every key has one purpose', () => {
  it('no key is used by two algorithms, in all that a vault does', () => {
    expect(uses.size).toBeGreaterThan(100);
    const mixed = [...uses.values()]
      .map((primitives) => [...primitives].sort())
      .filter((all) => all.length > 1);
    expect(mixed).toEqual([]);
  });

  it('the keys of the owner differ from one another', () => {
    const secrets = Object.values(owner.keys).map((key) => Buffer.from(key).toString('hex'));
    expect(new Set(secrets).size).toBe(secrets.length);
    expect(secrets.length).toBeGreaterThanOrEqual(8);
  });

  it('reads a hole as zeros', async () => {
    const content = await victim.visit(async (session) => collect(session.read(['one', 'sparse'])));
    expect(
      content.equals(Buffer.concat([Buffer.from('before'), Buffer.alloc(HOLE - 6), Buffer.from('behind')])),
    ).toBe(true);
  });

  const changed: [string, (pieces: readonly Piece[]) => readonly Piece[]][] = [
    ['longer', (pieces) => pieces.map((p) => (p.kind === 'hole' ? { ...p, length: p.length + 1 } : p))],
    ['shorter', (pieces) => pieces.map((p) => (p.kind === 'hole' ? { ...p, length: p.length - 1 } : p))],
    ['elsewhere', (pieces) => [...pieces.slice(1), ...pieces.slice(0, 1)]],
    ['gone', (pieces) => pieces.filter((p) => p.kind !== 'hole')],
    [
      'in place of content',
      (pieces) => pieces.map((p) => (p.kind === 'hole' ? p : { kind: 'hole', length: 6 })),
    ],
  ];
  it.each(changed)('refuses a hole that is %s', async (_, change) => {
    const fields = fieldsOf(sparse);
    const pieces = change(fields.content.pieces ?? []);
    expect(pieces).not.toEqual(fields.content.pieces);
    const forged: RecordFields = { ...fields, content: { ...fields.content, pieces } };
    const record = { ...recordBy(stranger(owner), one, 'sparse', forged), signature: sparse.signature };
    await writeHead(victim, owner, one, withRecords(head, record), owner.author);
    await expectRefused(victim, () =>
      victim.visit(async (session) => collect(session.read(['one', 'sparse']))),
    );
  });
});
