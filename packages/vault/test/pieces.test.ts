import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece, PieceList, type Segment } from '../src/content/pieces.js';
import { Edits } from '../src/files/edits.js';

/** Segments as plain bytes, so that a list of pieces can be turned into what it stands for. */
const stored = new Map<Segment, Uint8Array>();

function segment(bytes: Uint8Array): Segment {
  const made: Segment = {
    blob: new Uint8Array(26),
    key: new Uint8Array(32),
    root: new Uint8Array(32),
    size: bytes.length,
  };
  stored.set(made, bytes);
  return made;
}

const SOURCES = [1, 2, 3].map((seed) =>
  segment(new Uint8Array(400).map((_, at) => (at * 7 + seed * 83) & 255)),
);

function bytesOf(pieces: Iterable<Piece>): number[] {
  const bytes: number[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'hole') bytes.push(...new Array<number>(piece.length).fill(0));
    else if (piece.kind === 'literal') bytes.push(...piece.bytes);
    else
      bytes.push(
        ...(stored.get(piece.segment) as Uint8Array).slice(piece.offset, piece.offset + piece.length),
      );
  }
  return bytes;
}

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({ source: fc.nat(2), offset: fc.nat(300), length: fc.nat(100) }).map(
    ({ source, offset, length }): Piece => ({
      kind: 'data',
      segment: SOURCES[source] as Segment,
      offset,
      length,
    }),
  ),
  fc.nat(60).map((length): Piece => ({ kind: 'hole', length })),
  fc.uint8Array({ maxLength: 40 }).map((bytes): Piece => ({ kind: 'literal', bytes, length: bytes.length })),
);

const step = fc.oneof(
  fc.record({ do: fc.constant('write' as const), at: fc.nat(500), piece }),
  fc.record({ do: fc.constant('append' as const), piece }),
  fc.record({ do: fc.constant('truncate' as const), size: fc.nat(500) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The same on an array of bytes. */
function plain(before: readonly number[], one: Step): number[] {
  if (one.do === 'truncate') {
    return Array.from({ length: one.size }, (_, at) => before[at] ?? 0);
  }
  const bytes = bytesOf([one.piece]);
  const at = one.do === 'append' ? before.length : one.at;
  if (bytes.length === 0) return [...before];
  return Array.from({ length: Math.max(before.length, at + bytes.length) }, (_, index) =>
    index >= at && index < at + bytes.length ? (bytes[index - at] as number) : (before[index] ?? 0),
  );
}

function onList(list: PieceList, one: Step): void {
  if (one.do === 'truncate') list.truncate(one.size);
  else list.write(one.do === 'append' ? list.size : one.at, one.piece);
}

describe('a list of pieces', () => {
  it('stands for the same bytes as an array under the same changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(600), fc.nat(300), (steps, from, length) => {
        const list = new PieceList();
        let bytes: number[] = [];
        for (const one of steps) {
          const kept = list.clone();
          onList(list, one);
          expect(bytesOf(kept.pieces)).toEqual(bytes);
          bytes = plain(bytes, one);
          expect(list.size).toBe(bytes.length);
          expect(bytesOf(list.pieces)).toEqual(bytes);
        }
        expect(bytesOf(list.range(from, length))).toEqual(bytes.slice(from, from + length));
        expect(bytesOf(PieceList.of(list.pieces).pieces)).toEqual(bytes);
        expect(list.pieces.every((one) => one.length > 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('joins what goes on where it ended, so that an append does not grow the list', () => {
    const list = new PieceList();
    const [source] = SOURCES as [Segment];
    for (let at = 0; at < 100; at++)
      list.write(at * 4, { kind: 'data', segment: source, offset: at * 4, length: 4 });
    expect(list.pieces).toHaveLength(1);
    list.truncate(1000);
    list.truncate(2000);
    expect(list.pieces).toHaveLength(2);
  });

  it('does not cost more for a change in a long list than a search', () => {
    const list = new PieceList();
    for (let at = 0; at < 20_000; at++)
      list.write(at * 2, { kind: 'data', segment: SOURCES[at % 3] as Segment, offset: 0, length: 2 });
    for (let at = 0; at < 20_000; at++) expect([...list.range(at * 2 + 1, 1)]).toHaveLength(1);
    expect(list.size).toBe(40_000);
  });
});

describe('edits', () => {
  it('do to a newer version what was done to the one that was opened', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        fc.array(step, { maxLength: 8 }),
        fc.array(step, { maxLength: 14 }),
        (opened, meanwhile, made) => {
          const edits = new Edits();
          let expected: number[] = [];
          const newer = new PieceList();
          for (const one of [...opened, ...meanwhile]) {
            onList(newer, one);
            expected = plain(expected, one);
          }
          for (const one of made) {
            if (one.do === 'truncate') edits.truncate(one.size);
            else edits.write(one.do === 'append' ? 'end' : one.at, [one.piece]);
            expected = plain(expected, one);
          }
          const before = bytesOf(newer.pieces);
          expect(bytesOf(edits.applyTo(newer).pieces)).toEqual(expected);
          expect(bytesOf(newer.pieces)).toEqual(before);
          edits.map((old) => (old.kind === 'data' ? { ...old } : old));
          expect(bytesOf(edits.applyTo(newer).pieces)).toEqual(expected);
          expect(edits.empty).toBe(made.length === 0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
