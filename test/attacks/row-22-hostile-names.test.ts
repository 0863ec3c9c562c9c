import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CborValue, encodeCbor } from '@latchkey/encryption';
import { FileStore } from '@latchkey/store-file';
import type { VaultSession } from '@latchkey/vault';
import { afterEach, describe, expect, it } from 'vitest';
import { MAIN } from '../servers/latchkey.mjs';
import {
  directoryAt,
  fieldsOf,
  ownerOf,
  readHead,
  recordBy,
  recordIn,
  withRecords,
  writeHead,
} from './insider.js';
import { CONTENT_FIELD, HEAD_FIELD, rewriteHead } from './raw-head.js';
import { expectRefused } from './refusal.js';
import { SftpDoor } from './sftp-door.js';
import { collect, PASSPHRASE, Victim } from './victim.js';

const victim = await Victim.make(async (session) => {
  await session.mkdir(['folder']);
  await session.write(['folder', 'file'], Buffer.from('content'));
});
const owner = ownerOf(victim);
const folder = directoryAt(victim, owner, ['folder']);
const head = readHead(victim, owner, folder);
const model = recordIn(head, 'file');
afterEach(() => victim.heal());

const IMPOSSIBLE: [string, string][] = [
  ['a slash inside', 'a/b'],
  ['a slash in front', '/etc'],
  ['a way out', '../../etc/passwd'],
  ['NUL', 'a\0b'],
  ['1,025 bytes', 'x'.repeat(1025)],
  ['1,026 bytes in 513 characters', 'é'.repeat(513)],
  ['64 KiB', 'x'.repeat(65_536)],
];

/** A record under this key in a head that an author with the owner's signing key made by other means. */
async function plantKey(key: CborValue): Promise<void> {
  await rewriteHead(victim, owner, folder, {
    listing: (fields) => encodeCbor(fields.set(HEAD_FIELD.changes, [key, model.listing])),
    content: (fields) => encodeCbor(fields.set(CONTENT_FIELD.changes, [model.content, model.signature])),
  });
}

describe('attack 22: names that nobody may give', () => {
  it.each([...IMPOSSIBLE, ['half of a surrogate pair', 'a\ud800b'], ['nothing at all', '']])(
    'refuses to make one with %s',
    async (_, name) => {
      const uses: ((session: VaultSession) => Promise<unknown>)[] = [
        (session) => session.write(['folder', name], Buffer.from('x')),
        (session) => session.mkdir(['folder', name]),
        (session) => session.symlink('file', ['folder', name]),
        (session) => session.rename(['folder', 'file'], ['folder', name]),
        (session) => session.stat(['folder', name]),
      ];
      for (const work of uses) {
        await expectRefused(victim, () => victim.visit((session) => work(session)), ['invalid-name']);
      }
    },
  );

  it.each([
    ...IMPOSSIBLE,
    ['a slash at both ends', '/a/'],
    ['bytes instead of text', Buffer.from('file')],
    ['a number instead of text', 7],
  ] as [string, CborValue][])('refuses a signed head that holds one with %s', async (_, key) => {
    await plantKey(key);
    await expectRefused(victim, () => victim.visit((session) => session.list(['folder'])));
  });

  it('refuses a signed head with a name that is not UTF-8, twice the same, or out of order', async () => {
    await rewriteHead(victim, owner, folder, {
      listing: (fields) => {
        const cbor = Buffer.from(encodeCbor(fields));
        const at = cbor.indexOf('file');
        cbor[at] = 0xff;
        return cbor;
      },
    });
    await expectRefused(victim, () => victim.visit((session) => session.list(['folder'])));
    for (const names of [
      ['file', 'file'],
      ['z', 'a'],
    ]) {
      victim.heal();
      await rewriteHead(victim, owner, folder, {
        listing: (fields) =>
          encodeCbor(
            fields.set(
              HEAD_FIELD.changes,
              names.flatMap((n) => [n, model.listing]),
            ),
          ),
        content: (fields) =>
          encodeCbor(
            fields.set(
              CONTENT_FIELD.changes,
              names.flatMap(() => [model.content, model.signature]),
            ),
          ),
      });
      await expectRefused(victim, () => victim.visit((session) => session.list(['folder'])));
    }
  });
});

/** Names that the format allows and a file system does not, or that do harm in a terminal. */
const ODD = [
  '.',
  '..',
  '',
  '\u001b[2J\u001b]0;owned\u0007',
  'line\nbreak',
  'tab\tand\rreturn',
  '-rf',
  '~',
  '\u202egpj.exe',
];
const ROOTED = ODD.filter((name) => name !== '' && name !== '.' && name !== '..');

async function plantOddNames(): Promise<void> {
  const records = ODD.map((name) => recordBy(owner.author, folder, name, fieldsOf(model)));
  await writeHead(victim, owner, folder, withRecords(head, ...records), owner.author);
}

async function onDisk(): Promise<string> {
  const root = mkdtempSync(path.join(tmpdir(), 'latchkey-names-'));
  const store = await FileStore.open({ root: path.join(root, 'store'), create: true, durability: 'relaxed' });
  for (const key of victim.keys()) {
    const target = key as Parameters<typeof store.putBlob>[0];
    if (key.startsWith('b/')) await store.putBlob(target, victim.bytes(key));
    else await store.swapRegister(target, null, victim.bytes(key));
  }
  await store.close();
  return root;
}

function latchkey(root: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    LATCHKEY_VAULT: path.join(root, 'store'),
    LATCHKEY_STATE: path.join(root, 'state'),
    LATCHKEY_PASSPHRASE: PASSPHRASE,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env, cwd: root }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

describe('attack 22: names that a vault may hold and its edges may not pass on', () => {
  it('the library gives them as they are, and content with them', async () => {
    await plantOddNames();
    await victim.visit(async (session) => {
      const names = (await session.list(['folder'])).entries.map((entry) => entry.name);
      // A name without a letter is one of S3's keys: it is kept, and no file protocol sees it.
      expect(new Set(names)).toEqual(new Set([...ODD.filter((odd) => odd !== ''), 'file']));
      for (const name of ODD.filter((odd) => odd !== '')) {
        expect((await collect(session.read(['folder', name]))).toString()).toBe('content');
      }
    });
  });

  it('SFTP lists none that leads out of a directory, and a recursive download stays inside', async () => {
    await plantOddNames();
    const vault = await victim.open();
    const door = await SftpDoor.open(vault.session());
    try {
      const { code, output } = await door.sftp('cd folder', 'ls -1a');
      expect({ code, output }).toEqual({ code: 0, output });
      const dots = output.split('\n').filter((line) => line.trim() === '.' || line.trim() === '..');
      expect(dots).toEqual([]);
      await door.sftp('get -r folder');
      expect(readdirSync(door.place)).toEqual(['folder']);
      const fetched = readdirSync(path.join(door.place, 'folder'));
      expect(fetched).toContain('file');
      expect(ROOTED.filter((name) => !fetched.includes(name)).length).toBeLessThan(ROOTED.length);
    } finally {
      await door.close();
      await vault.close();
    }
  });

  it('the command line prints no control character of theirs, and downloads nothing outside', async () => {
    await plantOddNames();
    const root = await onDisk();
    try {
      const { code, output } = await latchkey(root, 'ls', 'vault:/folder');
      expect({ code, output }).toEqual({ code: 0, output });
      expect(output).toContain('file');
      // Line ends are the program's own; every other control character would be a name's.
      const controls = [...output].filter(
        (character) => /[\p{Cc}\u202e]/u.test(character) && character !== '\n',
      );
      expect(controls).toEqual([]);
      // One line for each, an empty one for the empty name.
      expect(output.split('\n').length - 1).toBe(ODD.length + 1);
      const copied = await latchkey(root, 'cp', '-r', 'vault:/folder', path.join(root, 'downloads'));
      expect(copied.code).not.toBe(0);
      expect(copied.output).toContain('no local file can have this name');
      expect(readdirSync(root).sort()).toEqual(
        ['downloads', 'store'].filter((name) => existsSync(path.join(root, name))),
      );
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('case and Unicode make different names, and each keeps its own content', async () => {
    const names = ['Straße', 'STRASSE', 'strasse', 'caf\u00e9', 'cafe\u0301', 'CAF\u00c9', 'ﬁle', 'file '];
    await victim.visit(async (session) => {
      for (const name of names) await session.write(['folder', name], Buffer.from(name), { exclusive: true });
      for (const name of names) expect((await collect(session.read(['folder', name]))).toString()).toBe(name);
      const listed = (await session.list(['folder'])).entries.map((entry) => entry.name);
      expect(listed.length).toBe(names.length + 1);
      const byBytes = [...listed].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(listed).toEqual(byBytes);
    });
  });
});
