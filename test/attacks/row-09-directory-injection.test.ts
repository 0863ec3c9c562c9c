import { newDirectory, newLinkId, tombstone } from '@latchkey/encryption';
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
import { expectRefused, refusal } from './refusal.js';
import { Victim, wholeTree } from './victim.js';

const fill = async (session: Parameters<Parameters<typeof Victim.make>[0]>[0]): Promise<void> => {
  await session.mkdir(['public']);
  await session.mkdir(['private']);
  await session.mkdir(['private', 'letters']);
  await session.write(['private', 'letters', 'one'], Buffer.from('dear diary'));
};
const victim = await Victim.make(fill);
const other = await Victim.make(fill);
const owner = ownerOf(victim);
const foreignOwner = ownerOf(other);
const publicKeys = directoryAt(victim, owner, ['public']);
const privateKeys = directoryAt(victim, owner, ['private']);
const list = (...path: string[]) => victim.visit((session) => session.list(path));
afterEach(() => victim.heal());

describe('attack 9: a directory is planted', () => {
  it('refuses the head of another vault in the place of the root or of a directory', async () => {
    for (const path of [[], ['public']]) {
      const foreign = headKey(directoryAt(other, foreignOwner, path));
      await victim.plant(headKey(directoryAt(victim, owner, path)), other.bytes(foreign));
      await expectRefused(victim, () => list(...path));
      victim.heal();
    }
  });

  it('refuses the record of another vault’s directory, with all of that vault’s objects beside it', async () => {
    const foreign = recordIn(readHead(other, foreignOwner, directoryAt(other, foreignOwner, [])), 'private/');
    for (const key of other.keys('h/')) await victim.plant(key, other.bytes(key));
    const head = withRecords(readHead(victim, owner, publicKeys), foreign);
    await writeHead(victim, owner, publicKeys, head, stranger(owner));
    await expectRefused(victim, () => list('public'));
    // Even where the head passes, the record is not the owner's, and neither is the head that it leads to.
    await writeHead(victim, owner, publicKeys, head, owner.author);
    await expectRefused(victim, () => list('public', 'private'));
    const resigned = recordBy(owner.author, publicKeys, 'private/', fieldsOf(foreign));
    await writeHead(victim, owner, publicKeys, withRecords(head, resigned), owner.author);
    await expectRefused(victim, () => list('public', 'private'));
  });

  it('refuses the record of a directory of this vault in another place', async () => {
    const letters = recordIn(readHead(victim, owner, privateKeys), 'letters/');
    const head = withRecords(readHead(victim, owner, publicKeys), letters);
    await writeHead(victim, owner, publicKeys, head, stranger(owner));
    await expectRefused(victim, () => list('public'));
    await writeHead(victim, owner, publicKeys, head, owner.author);
    await expectRefused(victim, () => list('public', 'letters'));
  });

  it('refuses a new directory made by someone without authority', async () => {
    const author = stranger(owner);
    const identity = newDirectory(provider);
    const linkId = newLinkId(provider);
    const model = fieldsOf(recordIn(readHead(victim, owner, privateKeys), 'letters/'));
    const link = model.listing.directory as NonNullable<typeof model.listing.directory>;
    const planted = recordBy(author, publicKeys, 'planted/', {
      listing: { ...model.listing, directory: { ...link, uid: identity.uid, linkId } },
      content: { readSecret: identity.readSecret },
    });
    const head = withRecords(readHead(victim, owner, publicKeys), planted);
    await writeHead(victim, owner, publicKeys, head, author);
    await expectRefused(victim, () => list('public'));
    await writeHead(victim, owner, publicKeys, head, owner.author);
    await expectRefused(victim, () => list('public', 'planted'));
  });

  it('ignores the owner’s own record of a directory that has since been given another link', async () => {
    const head = readHead(victim, owner, privateKeys);
    const letters = fieldsOf(recordIn(head, 'letters/'));
    const link = letters.listing.directory as NonNullable<typeof letters.listing.directory>;
    const stale = recordBy(owner.author, publicKeys, 'letters/', {
      ...letters,
      listing: { ...letters.listing, directory: { ...link, linkId: newLinkId(provider) } },
    });
    await writeHead(
      victim,
      owner,
      publicKeys,
      withRecords(readHead(victim, owner, publicKeys), stale),
      owner.author,
    );
    expect((await refusal(() => list('public', 'letters'))).code).toBe('not-found');
    expect((await list('private', 'letters')).entries.map((entry) => entry.name)).toEqual(['one']);
  });

  it('refuses a head from which a reader took a record', async () => {
    const head = withRecords(readHead(victim, owner, privateKeys), tombstone('letters/'));
    await writeHead(victim, owner, privateKeys, { ...head, changes: [] }, stranger(owner));
    await expectRefused(victim, () => victim.visit((session) => wholeTree(session)));
  });
});
