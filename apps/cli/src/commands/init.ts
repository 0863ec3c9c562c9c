import { readdir } from 'node:fs/promises';
import { nodeProvider } from '@latchkey/encryption/node';
import { StoreError } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import type { Command } from 'commander';
import { oneOf } from '../config/settings.js';
import { Failure } from '../failure.js';
import { closeBoth, openStore, vaultDirectory } from '../open-vault.js';
import { obtainSecret } from '../passphrase/source.js';
import { requireStrong } from '../passphrase/strength.js';
import { columns, emitJson, emitLine, note } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { quiet, settingsOf } from './invocation.js';
import { type KdfFlags, kdfOf, withKdfOptions } from './kdf-options.js';

interface Options extends KdfFlags {
  readonly padding: string;
  readonly allowWeak?: boolean;
  readonly json?: boolean;
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('make a new vault in a directory')
    .argument('[directory]', 'where its store shall be (default: the configured vault)')
    .option('--padding <how>', 'hide sizes: none, or padme (at most 12 % larger)', 'none')
    .option('--allow-weak', 'take a passphrase that is easy to guess')
    .option('--json', 'print JSON');
  withKdfOptions(command).action(run);
}

function holdsVault(root: string, cause?: unknown): Failure {
  return new Failure('refused', `${root} holds a vault already; nothing was changed`, { cause });
}

/** Nobody should think of a passphrase to be told that the directory is the wrong one. Throws a refusal. */
async function requireUsable(root: string): Promise<void> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return;
  try {
    const store = await FileStore.open({ root });
    try {
      if (await Vault.isIn(store)) throw holdsVault(root);
    } finally {
      await store.close();
    }
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'no-store') throw cause;
    throw new Failure('refused', `${root} is not empty, and holds no vault`, {
      hint: 'name an empty directory, or one that is not there yet',
      cause,
    });
  }
}

async function run(directory: string | undefined, options: Options, command: Command): Promise<void> {
  const configured = await settingsOf(command);
  const settings = directory === undefined ? configured : { ...configured, vault: directory };
  const padding = oneOf(options.padding, ['none', 'padme'], '--padding') ?? 'none';
  const kdf = kdfOf(options);
  const root = vaultDirectory(settings);
  await requireUsable(root);
  const passphrase = await obtainSecret(settings.passphrase, {
    question: 'New passphrase: ',
    confirm: 'Again: ',
    what: 'passphrase',
  });
  // Before the directory is made: a refusal leaves nothing behind.
  requireStrong(passphrase, options.allowWeak === true);
  const store = await openStore(settings, { create: true });
  let vault: Vault;
  try {
    vault = await Vault.create({
      store,
      provider: nodeProvider,
      passphrase,
      padding,
      ...(kdf ? { kdf } : {}),
    });
  } catch (error) {
    await store.close();
    if (error instanceof Error && 'code' in error && error.code === 'exists') {
      throw holdsVault(root, error);
    }
    throw error;
  }
  try {
    const { vaultId, fingerprint } = await vault.info();
    if (options.json) return await emitJson({ vault: root, vaultId, fingerprint, padding });
    await emitLine(
      columns([
        ['vault', printable(root)],
        ['id', vaultId],
        ['fingerprint', fingerprint],
      ]),
    );
    if (!quiet(command)) {
      note(
        'hint: nobody can reset a forgotten passphrase; `latchkey recovery create` prints words to keep on paper',
      );
    }
  } finally {
    await closeBoth(vault, store);
  }
}
