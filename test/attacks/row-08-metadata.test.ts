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
import { expectRefused } from './refusal.js';
import { collect, filler, Victim } from './victim.js';

const victim = await Victim.make(async (session) => {
  const metadata = new Map([['colour', 'blue']]);
  await session.write(['file'], filler(5000, 'file'), { attributes: { metadata, mode: 0o600 } });
  await session.symlink('file', ['link']);
});
const owner = ownerOf(victim);
const root = directoryAt(victim, owner, []);
const head = readHead(victim, owner, root);
const file = recordIn(head, 'file');
afterEach(() => victim.heal());

type DataPiece = Extract<Piece, { kind: 'data' }>;

function piece(fields: RecordFields): DataPiece {
  return fields.content.pieces?.[0] as DataPiece;
}

function withPieces(fields: RecordFields, ...pieces: readonly Piece[]): RecordFields {
  return { ...fields, content: { ...fields.content, pieces } };
}

const CHANGES: [string, (fields: RecordFields) => RecordFields][] = [
  ['size', (f) => ({ ...f, listing: { ...f.listing, size: 4999 } })],
  [
    'modification time',
    (f) => ({ ...f, listing: { ...f.listing, modified: { seconds: 1, nanoseconds: 0 } } }),
  ],
  ['creation time', (f) => ({ ...f, listing: { ...f.listing, created: { seconds: 1, nanoseconds: 0 } } })],
  ['mode', (f) => ({ ...f, listing: { ...f.listing, mode: 0o777 } })],
  ['user metadata', (f) => ({ ...f, listing: { ...f.listing, metadata: new Map([['colour', 'red']]) } })],
  ['revision', (f) => ({ ...f, listing: { ...f.listing, revision: f.listing.revision + 1 } })],
  ['kind', (f) => ({ listing: { ...f.listing, kind: 'symlink' }, content: { linkTarget: '/etc/passwd' } })],
  ['content type', (f) => ({ ...f, content: { ...f.content, contentType: 'text/html' } })],
  [
    'recorded digest',
    (f) => ({ ...f, content: { ...f.content, digests: new Map([['md5', filler(16, 'x')]]) } }),
  ],
  ['length of an extent', (f) => withPieces(f, { ...piece(f), length: 10 })],
  ['offset of an extent', (f) => withPieces(f, { ...piece(f), offset: 1, length: 4999 })],
  ['tree root of an extent', (f) => withPieces(f, { ...piece(f), root: filler(32, 'root') })],
  ['key of an extent', (f) => withPieces(f, { ...piece(f), key: filler(32, 'key') })],
  ['extent that becomes a hole', (f) => withPieces(f, { kind: 'hole', length: 5000 })],
  ['extent that becomes a literal', (f) => withPieces(f, { kind: 'literal', bytes: filler(100, 'literal') })],
  ['extents given twice', (f) => withPieces(f, piece(f), piece(f))],
  ['shared mark', (f) => ({ ...f, content: { ...f.content, shared: true } })],
];

const read = (): Promise<unknown> => victim.visit(async (session) => collect(session.read(['file'])));

describe('attack 8: what a record says is changed', () => {
  it('reads the file while nothing is changed', async () => {
    expect(filler(5000, 'file').equals((await read()) as Buffer)).toBe(true);
  });

  it.each(CHANGES)('refuses another %s from a reader, who cannot sign', async (_, change) => {
    const author = stranger(owner);
    const forged = recordBy(author, root, 'file', change(fieldsOf(file)));
    expect(forged.signature).not.toEqual(file.signature);
    await writeHead(victim, owner, root, withRecords(head, forged), author);
    await expectRefused(victim, () => victim.visit((session) => session.list([])));
    await expectRefused(victim, () => victim.visit((session) => session.stat(['file'])));
  });

  it.each(CHANGES)('refuses another %s under the old signature of the record', async (_, change) => {
    const forged = {
      ...recordBy(stranger(owner), root, 'file', change(fieldsOf(file))),
      signature: file.signature,
    };
    await writeHead(victim, owner, root, withRecords(head, forged), owner.author);
    await expectRefused(victim, read);
    const { problems } = await victim.visit((_session, vault) => vault.check());
    expect(problems.map((problem) => problem.path)).toContain('/file');
  });

  it('refuses another target of a symlink', async () => {
    const link = recordIn(head, 'link');
    const fields = fieldsOf(link);
    const target = { ...fields, content: { ...fields.content, linkTarget: '/etc/shadow' } };
    const forged = { ...recordBy(stranger(owner), root, 'link', target), signature: link.signature };
    await writeHead(victim, owner, root, withRecords(head, forged), owner.author);
    await expectRefused(victim, () => victim.visit((session) => session.readlink(['link'])));
  });
});
