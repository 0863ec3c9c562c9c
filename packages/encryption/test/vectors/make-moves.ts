import type { CborValue } from '../../src/cbor/value.js';
import {
  type DirectoryIdentity,
  encodeCbor,
  type MoveMark,
  type MoveRegister,
  seal,
  sealMark,
  sealMoves,
} from '../../src/index.js';
import { flip } from '../bytes.js';
import type { VectorFile } from './vector.js';
import type { World } from './world.js';
import { VectorWriter } from './writer.js';

export async function moveVectors({ p, root, vaultId, keys }: World): Promise<VectorFile> {
  const w = new VectorWriter(p, 'The register of moves, and the mark on a file that moves.');
  const { movesKey } = keys;
  const directory = (): DirectoryIdentity => ({
    uid: p.randomBytes(16),
    generation: 0,
    readSecret: p.randomBytes(32),
  });
  const raw = (label: string, ad: Uint8Array, fields: Map<number, CborValue>): Uint8Array =>
    seal(p, movesKey, label, vaultId, ad, encodeCbor(fields));

  const register: MoveRegister = { id: p.randomBytes(16), child: directory(), unfenced: [] };
  const moves = sealMoves(p, vaultId, movesKey, register);
  const base = { vaultId, movesKey, moves };
  await w.opens('moves-free', 'nobody moves a directory', 'open-moves', {
    ...base,
    moves: sealMoves(p, vaultId, movesKey, undefined),
  });
  await w.opens('moves-held', 'a directory moves', 'open-moves', base);
  await w.opens('moves-unfenced', 'after two movers that fell silent', 'open-moves', {
    ...base,
    moves: sealMoves(p, vaultId, movesKey, { ...register, unfenced: [directory(), directory()] }),
  });
  const held = new Map<number, CborValue>([
    [0, register.id],
    [2, register.child.uid],
    [4, 0],
    [6, register.child.readSecret],
  ]);
  const one = new Map([...held].slice(1));
  const noAd = new Uint8Array(0);
  const refuses = (id: string, comment: string, error: string, change: Record<string, Uint8Array>) =>
    w.refuses(`moves-${id}`, comment, 'open-moves', error as 'damaged', { ...base, ...change });
  await refuses('flip', 'one bit', 'damaged', { moves: flip(moves, -1) });
  await refuses('mark', 'a mark in its place', 'damaged', { moves: raw('mark', noAd, held) });
  await refuses('no-child', 'a move of nothing', 'malformed', {
    moves: raw('moves', noAd, new Map([[0, register.id]])),
  });
  await refuses('no-id', 'a move without an id', 'malformed', { moves: raw('moves', noAd, one) });
  await refuses('empty-list', 'a list of none', 'malformed', {
    moves: raw('moves', noAd, new Map([...held, [8, []]])),
  });
  await refuses('long-list', 'a list of 65', 'limit', {
    moves: raw('moves', noAd, new Map<number, CborValue>([...held, [8, Array(65).fill(one)]])),
  });
  await refuses('list-form', 'a list of uids', 'malformed', {
    moves: raw('moves', noAd, new Map<number, CborValue>([...held, [8, [register.id]]])),
  });
  await refuses('even', 'an unknown critical field', 'unsupported', {
    moves: raw('moves', noAd, new Map<number, CborValue>([...held, [10, 1]])),
  });

  const place = { uid: root.uid, key: 'hello.txt' };
  const moving: MoveMark = { operation: p.randomBytes(16), target: directory(), newest: p.randomBytes(16) };
  const { newest: _newest, ...first } = moving;
  const mark = sealMark(p, vaultId, movesKey, place, moving);
  const markBase = { vaultId, movesKey, ...place, mark };
  await w.opens('mark', 'a file on its way', 'open-mark', markBase);
  await w.opens('mark-first', 'to a directory that nothing was ever done in', 'open-mark', {
    ...markBase,
    mark: sealMark(p, vaultId, movesKey, place, first),
  });
  const markRefuses = (
    id: string,
    comment: string,
    error: string,
    change: Record<string, Uint8Array | string>,
  ) => w.refuses(`mark-${id}`, comment, 'open-mark', error as 'damaged', { ...markBase, ...change });
  await markRefuses('uid', 'in another directory', 'damaged', { uid: flip(root.uid, 0) });
  await markRefuses('key', 'under another name', 'damaged', { key: 'hello' });
  await markRefuses('flip', 'one bit', 'damaged', { mark: flip(mark, 70) });
  await markRefuses('long', 'more than 256 bytes', 'limit', { mark: new Uint8Array(257) });
  const ad = encodeCbor([place.uid, place.key]);
  await markRefuses('no-target', 'to nowhere', 'malformed', {
    mark: raw('mark', ad, new Map([[0, moving.operation]])),
  });
  await markRefuses('even', 'an unknown critical field', 'unsupported', {
    mark: raw('mark', ad, new Map<number, CborValue>([...held, [10, 1]])),
  });
  return w.file();
}
