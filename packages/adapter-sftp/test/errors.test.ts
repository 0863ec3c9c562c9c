import { VAULT_ERROR_CODES, VaultError, type VaultErrorCode } from '@latchkey/vault';
import { describe, expect, test } from 'vitest';
import { STATUS } from '../src/codec/constants.js';
import { printable, STATUS_OF_VAULT_ERROR, statusOf } from '../src/errors.js';

describe('errors', () => {
  test('every way a vault operation fails has a status, and none of them is success', () => {
    const codes = Object.keys(VAULT_ERROR_CODES) as VaultErrorCode[];
    expect(Object.keys(STATUS_OF_VAULT_ERROR).sort()).toEqual([...codes].sort());
    for (const code of codes) expect([STATUS.OK, STATUS.EOF]).not.toContain(STATUS_OF_VAULT_ERROR[code]);
  });

  test('the message of a vault error reaches the client, printable', () => {
    const reply = statusOf(new VaultError('not-found', 'no such entry: a\u001b[2Jb\u202ec'));
    expect(reply).toEqual({
      status: STATUS.NO_SUCH_FILE,
      message: 'no such entry: a?[2Jb?c',
      unexpected: false,
    });
  });

  test('a full store is told without the names of its objects', () => {
    expect(statusOf(new VaultError('no-space', 'no space left for p/secret-object'))).toEqual({
      status: STATUS.FAILURE,
      message: 'no space left where the vault is stored',
      unexpected: false,
    });
  });

  test('a foreign error is not described to the client', () => {
    expect(statusOf(new Error('key 0123 at /srv/secret'))).toEqual({
      status: STATUS.FAILURE,
      message: 'internal error',
      unexpected: true,
    });
  });

  test('messages are cut', () => {
    expect(printable('x'.repeat(10_000)).length).toBeLessThan(400);
  });
});
