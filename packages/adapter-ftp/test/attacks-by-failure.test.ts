import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { VaultError } from '@latchkey/vault';
import { describe, expect, test } from 'vitest';
import { put, start, USER } from './support/fixture.js';
import { overriding } from './support/overriding.js';
import { collect } from './support/raw-client.js';

/** Rows of docs/attacks.md, as far as they concern FTP. */

describe('row 41: one session’s crash', () => {
  test('an exception in a command is that command’s', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          stat: async (path) => {
            if (path.at(-1) === 'explodes') throw new TypeError('secret detail of a bug');
            return session.stat(path);
          },
          list: async () => {
            throw new RangeError('another');
          },
        }),
    });
    const client = await fixture.logIn();
    expect((await client.command('CWD explodes', 451)).lines.join()).not.toContain('secret');
    await client.passive();
    await client.command('LIST', 451);
    await client.command('NOOP', 200);
    expect(fixture.log.filter(({ message }) => message === 'a command failed')).toHaveLength(2);
    await (await fixture.logIn()).command('NOOP', 200);
  });

  test('a client that sends more than there is space for reads why, instead of a reset', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          open: async (path, options) => {
            const handle = await session.open(path, options);
            return overriding(handle, {
              write: async (offset, bytes) => {
                if (offset > 1_000_000) throw new VaultError('no-space', 'no space left for p/secret-object');
                await handle.write(offset, bytes);
              },
            });
          },
        }),
    });
    const client = await fixture.logIn();
    const data = await client.passive();
    const failures: Error[] = [];
    data.on('error', (error) => failures.push(error));
    await client.command('STOR f', 150);
    const closed = once(data, 'close');
    data.resume();
    data.write(randomBytes(8_000_000));
    const { lines } = await client.expect(552);
    expect(lines.join()).not.toContain('secret-object');
    data.end(randomBytes(8_000_000));
    await closed;
    expect(failures).toEqual([]);
    await client.command('NOOP', 200);
    const warning = fixture.log.find(({ message }) => message.startsWith('no space left'));
    expect(warning).toMatchObject({ level: 'warn', details: { command: 'STOR', user: USER } });
    expect(JSON.stringify(warning)).not.toContain('secret-object');
  });

  test('a vault that fails in the middle of a download or an upload breaks it visibly', async () => {
    const fixture = await start({
      wrap: (session) =>
        overriding(session, {
          open: async (path, options) => {
            const handle = await session.open(path, options);
            return overriding(handle, {
              borrow: async (offset, length) => {
                if (offset > 0) throw new VaultError('damaged', 'a segment is damaged');
                return handle.borrow(offset, length);
              },
              close: async () => {
                if (options.write !== true) return handle.close();
                await handle.abandon();
                throw new VaultError('no-space', 'the store is full');
              },
            });
          },
        }),
    });
    await put(fixture.vault, ['f'], randomBytes(2_000_000));
    const client = await fixture.logIn();
    const data = await client.passive();
    const received = collect(data);
    await client.command('RETR f', 150);
    await client.expect(550);
    expect((await received).length).toBeLessThan(2_000_000);
    const upload = await client.passive();
    await client.command('STOR f', 150);
    upload.end('new');
    expect((await client.expect(552)).lines.join()).toContain('no space left where the vault is stored');
    expect((await fixture.vault.stat(['f'])).size).toBe(2_000_000);
  });
});
