// Large directories, put into each server's storage by the shortest way there is.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { program } from '../../scripts/setup/clients.mjs';
import { PASSPHRASE } from '../servers/latchkey.mjs';

const run = promisify(execFile);
const AT_ONCE = 256;

/** Through the library, while the server runs. */
export async function fillVault(/** @type {string} */ storage, /** @type {number} */ entries) {
  const store = await FileStore.open({ root: storage, durability: 'relaxed' });
  const vault = await Vault.open({ store, provider: nodeProvider, passphrase: PASSPHRASE });
  const session = vault.session();
  await session.mkdir(['many']);
  let next = 0;
  const writer = async () => {
    while (next < entries) await session.write(['many', `entry-${next++}`], new Uint8Array(0));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
  await vault.close();
  await store.close();
}

export async function fillCrypt(/** @type {string} */ config, /** @type {string} */ many) {
  await run(program('rclone') ?? 'rclone', [
    '--config',
    config,
    '--transfers',
    '16',
    'copy',
    many,
    'vault:many',
  ]);
}

export function fillDirectory(/** @type {string} */ files, /** @type {string} */ many) {
  cpSync(many, path.join(files, 'many'), { recursive: true });
}
