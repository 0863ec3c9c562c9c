import { VaultError } from '@latchkey/vault';
import { describe, expect, test } from 'vitest';
import { OPEN_FLAG, PACKET, STATUS } from '../src/codec/constants.js';
import { PacketWriter } from '../src/codec/writer.js';
import { EXTENSIONS } from '../src/requests/extensions.js';
import { attributes, client, content, fixture, path } from './support/protocol.js';
import { attributesOf, namesOf, RawClient, statusOfAnswer } from './support/raw-client.js';

const { READ, WRITE, APPEND, CREAT, TRUNC, EXCL } = OPEN_FLAG;
const NEW = WRITE | CREAT | TRUNC;

describe('the beginning', () => {
  test('VERSION announces version 3 and every extension', async () => {
    const fresh = new RawClient(client.ssh, await openAnother());
    const reader = await fresh.init();
    expect(reader.uint8()).toBe(PACKET.VERSION);
    expect(reader.uint32()).toBe(3);
    const announced = new Map<string, string>();
    while (reader.remaining > 0) announced.set(reader.ascii(), reader.ascii());
    expect(announced.get('posix-rename@openssh.com')).toBe('1');
    expect(announced.get('statvfs@openssh.com')).toBe('2');
    expect([...announced.keys()].sort()).toEqual([...EXTENSIONS.keys()].sort());
    expect(announced.size).toBe(11);
  });

  test('anything but INIT first ends the session with status 1', async () => {
    const fresh = new RawClient(client.ssh, await openAnother());
    fresh.send(new PacketWriter(PACKET.STAT).uint32(1).text('/').finish());
    await fresh.closed;
    expect(fresh.exitStatus).toBe(1);
  });

  test('end of input ends the session with status 0', async () => {
    client.channel.end();
    await client.closed;
    expect(client.exitStatus).toBe(0);
  });

  test('end of input inside a packet ends it with status 1', async () => {
    client.send(Buffer.from([0, 0, 1]));
    client.channel.end();
    await client.closed;
    expect(client.exitStatus).toBe(1);
  });

  async function openAnother(): Promise<RawClient['channel']> {
    return new Promise((resolve, reject) => {
      client.ssh.subsys('sftp', (error, channel) => (error ? reject(error) : resolve(channel)));
    });
  }
});

describe('files', () => {
  test('write, read, end of file', async () => {
    const handle = await client.open('/a', NEW | READ, 0o600);
    expect((await client.write(handle, 0, Buffer.from('hello'))).code).toBe(STATUS.OK);
    expect((await client.write(handle, 7, Buffer.from('world'))).code).toBe(STATUS.OK);
    expect(await client.read(handle, 0, 100)).toEqual(Buffer.from('hello\0\0world'));
    expect(await client.read(handle, 12, 100)).toMatchObject({ code: STATUS.EOF });
    expect((await client.close(handle)).code).toBe(STATUS.OK);
    expect(await content('a')).toBe('hello\0\0world');
    expect((await attributes(PACKET.STAT, '/a')).permissions).toBe(0o100600);
  });

  test('open flags mean what they mean to POSIX', async () => {
    await fixture.vault.write(['f'], Buffer.from('old'));
    await expect(client.open('/f', NEW | EXCL)).rejects.toThrow('status 4');
    await expect(client.open('/none', READ)).rejects.toThrow('status 2');
    await expect(client.open('/none', WRITE)).rejects.toThrow('status 2');
    await expect(client.open('/f', READ | TRUNC)).rejects.toThrow('open for writing');
    const appending = await client.open('/f', WRITE | APPEND);
    await client.write(appending, 0, Buffer.from('+new'));
    await client.close(appending);
    expect(await content('f')).toBe('old+new');
    const truncating = await client.open('/f', NEW);
    expect(await content('f')).toBe('old+new');
    await client.close(truncating);
    expect(await content('f')).toBe('');
    const reading = await client.open('/f', 0);
    expect((await client.write(reading, 0, Buffer.from('x'))).code).toBe(STATUS.PERMISSION_DENIED);
    const writing = await client.open('/f', WRITE);
    expect(await client.read(writing, 0, 1)).toMatchObject({ code: STATUS.PERMISSION_DENIED });
  });

  test('a read gives at most 255 KiB, and nothing at absurd offsets', async () => {
    await fixture.vault.write(['big'], Buffer.alloc(600_000, 1));
    const handle = await client.open('/big', READ);
    expect((await client.read(handle, 0, 0xffff_ffff)) as Buffer).toHaveLength(261_120);
    expect(await client.read(handle, 2 ** 53, 10)).toMatchObject({ code: STATUS.EOF });
    expect((await client.read(handle, 0, 0)) as Buffer).toHaveLength(0);
  });

  test('a write at an absurd offset fails and harms nothing', async () => {
    const handle = await client.open('/a', NEW);
    const status = await client.status(PACKET.WRITE, (writer) =>
      writer.bytes(handle).uint32(0xffff_ffff).uint32(0xffff_ffff).bytes(Buffer.from('x')),
    );
    expect(status.code).toBe(STATUS.FAILURE);
    expect((await client.write(handle, 0, Buffer.from('ok'))).code).toBe(STATUS.OK);
    await client.close(handle);
    expect(await content('a')).toBe('ok');
  });

  test('nothing is published before CLOSE, whose failure is told', async () => {
    await fixture.vault.write(['a'], Buffer.from('old'));
    const handle = await client.open('/a', NEW);
    await client.write(handle, 0, Buffer.from('new'));
    fixture.vault.beforeClose = () => {
      throw new VaultError('no-space', 'the store is full');
    };
    expect(await client.close(handle)).toEqual({
      code: STATUS.FAILURE,
      message: 'no space left where the vault is stored',
    });
    expect(fixture.log).toContainEqual({
      level: 'warn',
      message: 'no space left where the vault is stored',
      details: {},
    });
    fixture.vault.beforeClose = () => {};
    expect(await content('a')).toBe('old');
    expect((await client.close(handle)).message).toBe('no such handle');
    expect(fixture.vault.abandoned).toContain('a');
  });

  test('fsync publishes', async () => {
    const handle = await client.open('/a', NEW);
    await client.write(handle, 0, Buffer.from('kept'));
    const status = await client.status(PACKET.EXTENDED, (writer) =>
      writer.text('fsync@openssh.com').bytes(handle),
    );
    expect(status.code).toBe(STATUS.OK);
    expect(await content('a')).toBe('kept');
  });

  test('WRITE, CLOSE, RENAME and STAT sent without waiting are carried out in this order', async () => {
    const handle = await client.open('/part', NEW);
    for (let index = 0; index < 64; index++) {
      client.post(PACKET.WRITE, (writer) =>
        writer
          .bytes(handle)
          .uint64(index * 1000)
          .bytes(Buffer.alloc(1000, index)),
      );
    }
    client.post(PACKET.CLOSE, (writer) => writer.bytes(handle));
    client.post(PACKET.RENAME, (writer) => writer.text('/part').text('/whole'));
    const stat = client.post(PACKET.STAT, path('/whole'));
    for (let count = 0; count < 66; count++) expect(statusOfAnswer(await client.next()).code).toBe(STATUS.OK);
    const last = await client.next();
    expect(last.id).toBe(stat);
    expect(attributesOf(last.body).size).toBe(64_000);
  });

  test('an error that nobody foresaw ends one request and no more', async () => {
    const handle = await client.open('/a', NEW);
    fixture.vault.beforeWrite = () => {
      throw new TypeError('a bug with secrets in its message');
    };
    expect(await client.write(handle, 0, Buffer.from('x'))).toEqual({
      code: STATUS.FAILURE,
      message: 'internal error',
    });
    fixture.vault.beforeWrite = () => {};
    expect((await client.write(handle, 0, Buffer.from('x'))).code).toBe(STATUS.OK);
    expect(fixture.log.some(({ level }) => level === 'error')).toBe(true);
  });

  test('remove takes files and refuses directories', async () => {
    await fixture.vault.mkdir(['d']);
    await fixture.vault.write(['f'], Buffer.from('x'));
    expect((await client.status(PACKET.REMOVE, path('/d'))).code).toBe(STATUS.FAILURE);
    expect((await client.status(PACKET.REMOVE, path('/f'))).code).toBe(STATUS.OK);
    expect((await client.status(PACKET.REMOVE, path('/f'))).code).toBe(STATUS.NO_SUCH_FILE);
  });

  test('plain rename keeps an existing target, posix-rename replaces it', async () => {
    await fixture.vault.write(['a'], Buffer.from('A'));
    await fixture.vault.write(['b'], Buffer.from('B'));
    expect((await client.status(PACKET.RENAME, (writer) => writer.text('/a').text('/b'))).code).toBe(
      STATUS.FAILURE,
    );
    expect(await content('b')).toBe('B');
    const posix = (writer: PacketWriter): PacketWriter =>
      writer.text('posix-rename@openssh.com').text('/a').text('/b');
    expect((await client.status(PACKET.EXTENDED, posix)).code).toBe(STATUS.OK);
    expect(await content('b')).toBe('A');
  });
});

describe('attributes', () => {
  test('setstat truncates, sets times and permissions, and not the owner', async () => {
    await fixture.vault.write(['f'], Buffer.from('123456'));
    const set = (fill: (writer: PacketWriter) => void): ReturnType<RawClient['status']> =>
      client.status(PACKET.SETSTAT, (writer) => {
        writer.text('/f');
        fill(writer);
      });
    expect(
      (
        await set((w) =>
          w
            .uint32(0x1 | 0x4 | 0x8)
            .uint64(3)
            .uint32(0o100750)
            .uint32(5)
            .uint32(77),
        )
      ).code,
    ).toBe(STATUS.OK);
    expect(await attributes(PACKET.STAT, '/f')).toMatchObject({
      size: 3,
      permissions: 0o100750,
      modified: 77,
    });
    expect((await set((w) => w.uint32(0x2).uint32(0).uint32(0))).code).toBe(STATUS.OP_UNSUPPORTED);
    expect((await set((w) => w.uint32(0x2).uint32(1000).uint32(1000))).code).toBe(STATUS.OK);
    expect((await client.status(PACKET.SETSTAT, (w) => w.text('/none').uint32(0))).code).toBe(
      STATUS.NO_SUCH_FILE,
    );
  });

  test('fsetstat and fstat see the handle’s own file', async () => {
    const handle = await client.open('/f', NEW | READ);
    await client.write(handle, 0, Buffer.from('123456'));
    await client.status(PACKET.FSETSTAT, (w) =>
      w
        .bytes(handle)
        .uint32(0x1 | 0x4)
        .uint64(4)
        .uint32(0o711),
    );
    const answer = await client.request(PACKET.FSTAT, (writer) => writer.bytes(handle));
    expect(attributesOf(answer.body)).toMatchObject({ size: 4, permissions: 0o100711 });
    await client.close(handle);
    expect(await content('f')).toBe('1234');
  });
});

describe('directories', () => {
  test('a listing has every entry once, and ends', async () => {
    const names = Array.from(
      { length: 1_500 },
      (_, index) => `entry-${String(index).padStart(4, '0')}-${'x'.repeat(60)}`,
    );
    for (const name of names) await fixture.vault.write([name], new Uint8Array());
    const handle = await client.opendir('/');
    const seen: string[] = [];
    let pages = 0;
    for (;;) {
      const answer = await client.request(PACKET.READDIR, (writer) => writer.bytes(handle));
      if (answer.type === PACKET.STATUS) {
        expect(statusOfAnswer(answer).code).toBe(STATUS.EOF);
        break;
      }
      pages += 1;
      expect(answer.raw.length).toBeLessThan(128 * 1024);
      seen.push(...namesOf(answer.body));
    }
    expect(seen).toEqual(names);
    expect(pages).toBeGreaterThan(2);
    expect((await client.close(handle)).code).toBe(STATUS.OK);
  });

  test('mkdir, rmdir, opendir tell what is wrong', async () => {
    const make = (writer: PacketWriter): PacketWriter => writer.text('/d').uint32(4).uint32(0o700);
    expect((await client.status(PACKET.MKDIR, make)).code).toBe(STATUS.OK);
    expect((await client.status(PACKET.MKDIR, make)).code).toBe(STATUS.FAILURE);
    expect((await attributes(PACKET.LSTAT, '/d')).permissions).toBe(0o040700);
    await fixture.vault.write(['d', 'f'], Buffer.from('x'));
    expect((await client.status(PACKET.RMDIR, path('/d'))).code).toBe(STATUS.FAILURE);
    await expect(client.opendir('/none')).rejects.toThrow('status 2');
    await expect(client.opendir('/d/f')).rejects.toThrow('status 2');
    await fixture.vault.remove(['d', 'f']);
    expect((await client.status(PACKET.RMDIR, path('/d'))).code).toBe(STATUS.OK);
  });

  test('realpath makes absolute and never leaves the root', async () => {
    const real = (text: string): Promise<string[]> => client.names(PACKET.REALPATH, path(text));
    expect(await real('.')).toEqual(['/']);
    expect(await real('a/../b//c/.')).toEqual(['/b/c']);
    expect(await real('/../../x')).toEqual(['/x']);
  });
});

describe('symlinks', () => {
  test('SYMLINK takes the target first, as OpenSSH sends it', async () => {
    await client.status(PACKET.SYMLINK, (writer) => writer.text('target/of it').text('/link'));
    expect(await fixture.vault.readlink(['link'])).toBe('target/of it');
    expect(await client.names(PACKET.READLINK, path('/link'))).toEqual(['target/of it']);
  });

  test('STAT follows, LSTAT does not, and links work on the way', async () => {
    await fixture.vault.mkdir(['d']);
    await fixture.vault.write(['d', 'f'], Buffer.from('12345'));
    await fixture.vault.symlink('d', ['dir']);
    await fixture.vault.symlink('../d/f', ['d', 'up']);
    await fixture.vault.symlink('/dir/up', ['abs']);
    expect((await attributes(PACKET.STAT, '/abs')).size).toBe(5);
    expect((await attributes(PACKET.LSTAT, '/abs')).permissions & 0o170000).toBe(0o120000);
    expect((await attributes(PACKET.LSTAT, '/dir/f')).size).toBe(5);
    const handle = await client.open('/abs', READ);
    expect(await client.read(handle, 0, 10)).toEqual(Buffer.from('12345'));
    const listing = await client.opendir('/dir');
    const answer = await client.request(PACKET.READDIR, (writer) => writer.bytes(listing));
    expect(namesOf(answer.body)).toEqual(['f', 'up']);
  });

  test('a file is made through a dangling link, but not exclusively', async () => {
    await fixture.vault.symlink('real', ['link']);
    await expect(client.open('/link', NEW | EXCL)).rejects.toThrow('status 4');
    await client.close(await client.open('/link', NEW));
    expect((await fixture.vault.stat(['real'])).kind).toBe('file');
  });

  test('changes go through links on the way, and rename and remove take the link itself', async () => {
    await fixture.vault.mkdir(['d']);
    await fixture.vault.symlink('d', ['dir']);
    await fixture.vault.write(['d', 'f'], Buffer.from('x'));
    expect((await client.status(PACKET.RENAME, (w) => w.text('/dir/f').text('/dir/g'))).code).toBe(STATUS.OK);
    expect((await client.status(PACKET.SETSTAT, (w) => w.text('/dir/g').uint32(4).uint32(0o600))).code).toBe(
      STATUS.OK,
    );
    expect((await fixture.vault.stat(['d', 'g'])).mode).toBe(0o600);
    expect((await client.status(PACKET.REMOVE, path('/dir'))).code).toBe(STATUS.OK);
    expect((await fixture.vault.stat(['d', 'g'])).kind).toBe('file');
  });

  test.each([
    ['itself', 'loop'],
    ['nothing', 'missing'],
    ['above the root', '../../etc/passwd'],
  ])('a link to %s is no such file', async (_title, target) => {
    await fixture.vault.symlink(target, ['loop']);
    expect((await client.status(PACKET.STAT, path('/loop'))).code).toBe(STATUS.NO_SUCH_FILE);
    await expect(client.open('/loop', READ)).rejects.toThrow('status 2');
  });
});
