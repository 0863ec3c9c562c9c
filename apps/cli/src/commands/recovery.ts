import type { Vault } from '@latchkey/vault';
import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { openStore, withVault } from '../open-vault.js';
import {
  type NewPassphraseFlags,
  newPassphrase,
  withNewPassphraseOptions,
} from '../passphrase/new-passphrase.js';
import { obtainSecret } from '../passphrase/source.js';
import { emitJson, emitLine, note, undoneUnlessRead } from '../terminal/output.js';
import { inVault, quiet, settingsOf } from './invocation.js';

export function addRecovery(program: Command): void {
  const recovery = program
    .command('recovery')
    .description('words that open the vault when the passphrase is lost');
  recovery
    .command('create')
    .description('make recovery words and show them, once')
    .option('--json', 'print JSON')
    .action(create);
  recovery
    .command('list')
    .description('list the recovery slots, without their words')
    .option('--json', 'print one JSON object per line')
    .action(list);
  recovery.command('remove').description('make words useless').argument('<slot>', 'its id').action(remove);
  withNewPassphraseOptions(
    recovery
      .command('restore')
      .description('set a new passphrase with the words')
      .option('--words-file <file>', 'its first line holds the words'),
  ).action(restore);
}

async function create(options: { json?: boolean }, command: Command): Promise<void> {
  await inVault(command, async (_session, vault) => {
    const before = await recoverySlots(vault);
    const words = await vault.addRecovery();
    try {
      if (!quiet(command) && !options.json)
        note('write these words on paper; they open the vault and are not shown again');
      await undoneUnlessRead(
        () => undo(vault, before),
        () => show(words, options.json === true),
      );
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(error.outcome, error.message, { hint: await undo(vault, before), cause: error });
    }
  });
}

async function show(words: string, json: boolean): Promise<void> {
  const list = words.split(' ');
  if (json) return emitJson({ words: list });
  // Numbered when a person reads them; one plain line for a program.
  if (!process.stdout.isTTY) return emitLine(words);
  for (let index = 0; index < list.length; index += 4) {
    const row = list.slice(index, index + 4);
    await emitLine(
      row.map((word, at) => `${String(index + at + 1).padStart(2)} ${word}`.padEnd(14)).join(''),
    );
  }
}

/** Words that nobody could read must not go on opening the vault. Returns what to tell the person. */
async function undo(vault: Vault, before: readonly string[]): Promise<string> {
  const added = (await recoverySlots(vault)).filter((id) => !before.includes(id));
  const [id] = added;
  if (id !== undefined && added.length === 1) {
    await vault.removeSlot(id);
    return 'the words that could not be shown were made useless again';
  }
  return 'words were made but not shown: see `latchkey recovery list`, and `latchkey recovery remove SLOT`';
}

async function recoverySlots(vault: Vault): Promise<string[]> {
  const { slots } = await vault.info();
  return slots.filter(({ type }) => type === 'recovery').map(({ id }) => id);
}

async function list(options: { json?: boolean }, command: Command): Promise<void> {
  const { slots } = await inVault(command, (_session, vault) => vault.info());
  for (const slot of slots.filter(({ type }) => type === 'recovery')) {
    await (options.json ? emitJson({ id: slot.id, label: slot.label }) : emitLine(slot.id));
  }
}

async function remove(id: string, _options: unknown, command: Command): Promise<void> {
  await inVault(command, async (_session, vault) => {
    const { slots } = await vault.info();
    if (!slots.some((slot) => slot.id === id && slot.type === 'recovery')) {
      throw new Failure('not-found', `there is no recovery slot ${id}`, {
        hint: '`latchkey recovery list` shows them',
      });
    }
    await vault.removeSlot(id);
  });
}

async function restore(
  options: NewPassphraseFlags & { wordsFile?: string },
  command: Command,
): Promise<void> {
  const settings = await settingsOf(command);
  await (await openStore(settings)).close();
  const typed = await obtainSecret(options.wordsFile === undefined ? {} : { file: options.wordsFile }, {
    question: 'Recovery words: ',
    what: 'list of recovery words',
    instead: '--words-file',
  });
  const words = typed.trim().toLowerCase().split(/\s+/).join(' ');
  await withVault(settings, async (vault) => vault.setPassphrase(await newPassphrase(options)), { words });
  if (!quiet(command)) note('the new passphrase is set; the words stay valid');
}
