import { openHead, sealHead } from '@latchkey/encryption';
import { afterEach, describe, expect, it } from 'vitest';
import {
  directoryAt,
  fieldsOf,
  headKey,
  ownerOf,
  provider,
  readHead,
  recordBy,
  recordIn,
  stranger,
  withRecords,
  writeHead,
} from './insider.js';
import { expectRefused } from './refusal.js';
import { collect, Victim } from './victim.js';

const victim = await Victim.make(async (session) => {
  await session.mkdir(['inbox']);
  await session.write(['inbox', 'mine'], Buffer.from('written by the owner'));
});
const owner = ownerOf(victim);
const inbox = directoryAt(victim, owner, ['inbox']);
const head = readHead(victim, owner, inbox);
const reader = stranger(owner);
const forged = recordBy(reader, inbox, 'forged', {
  ...fieldsOf(recordIn(head, 'mine')),
  content: { pieces: [{ kind: 'literal', bytes: Buffer.from('written by a reader!') }] },
});
const list = () => victim.visit((session) => session.list(['inbox']));
afterEach(() => victim.heal());

describe('attack 10: a file is planted by someone who may only read', () => {
  it('refuses a head that the reader signed, with and without the reader’s file', async () => {
    await writeHead(victim, owner, inbox, withRecords(head, forged), reader);
    await expectRefused(victim, list);
    await writeHead(victim, owner, inbox, head, reader);
    await expectRefused(victim, list);
  });

  it('refuses the reader’s head under the owner’s last signature', async () => {
    const sealed = sealHead(provider, inbox, owner.vaultId, withRecords(head, forged), reader);
    const genuine = victim.bytes(headKey(inbox));
    await victim.plant(headKey(inbox), Buffer.concat([sealed.subarray(0, -64), genuine.subarray(-64)]));
    await expectRefused(victim, list);
  });

  it('is an attack that works against who takes the reader’s key', async () => {
    // The forgery is sound in every other way, so that nothing but the signature can be what refuses it.
    const sealed = sealHead(provider, inbox, owner.vaultId, withRecords(head, forged), reader);
    const opened = openHead(provider, inbox, owner.vaultId, sealed, reader.publicKey);
    expect(opened.changes.map((record) => record.key)).toEqual(['forged', 'mine']);
  });

  it.each([
    ['a stranger’s signature', forged],
    ['no signature worth the name', { ...forged, signature: new Uint8Array(80) }],
    ['the signature of another file', { ...forged, signature: recordIn(head, 'mine').signature }],
  ])('refuses a record with %s in a head that the owner signed', async (_, record) => {
    await writeHead(victim, owner, inbox, withRecords(head, record), owner.author);
    await expectRefused(victim, () =>
      victim.visit(async (session) => collect(session.read(['inbox', 'forged']))),
    );
    const { problems } = await victim.visit((_session, vault) => vault.check());
    expect(problems.map((problem) => problem.path)).toEqual(['/inbox/forged']);
  });
});
