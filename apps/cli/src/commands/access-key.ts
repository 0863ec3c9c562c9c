import type { Command } from 'commander';
import type { Settings } from '../config/settings.js';
import { Failure } from '../failure.js';
import { openStore } from '../open-vault.js';
import type { AccessKey, AccessKeys } from '../serve/access-keys.js';
import { requireOutside } from '../serve/outside-the-store.js';
import { columns, emitJson, emitLine, note } from '../terminal/output.js';
import { quiet, settingsOf } from './invocation.js';

interface Output {
  readonly json?: boolean;
}

export function addAccessKey(program: Command): void {
  const accessKey = program
    .command('access-key')
    .description('keys with which S3 clients sign in to `serve`');
  accessKey
    .command('create')
    .description('make a key; a server that runs takes it at once')
    .option('--user <name>', 'it belongs to (default: the first user of latchkey.toml)')
    .option('--json', 'print JSON')
    .action(create);
  accessKey
    .command('list')
    .description('list the keys, without their secrets')
    .option('--json', 'print one JSON object per line')
    .action(list);
  accessKey
    .command('show')
    .description('show a key with its secret')
    .argument('[id]', 'its id (default: the oldest key)')
    .option('--json', 'print JSON')
    .action(show);
  accessKey.command('remove').description('make a key useless').argument('<id>', 'its id').action(remove);
}

async function keysOf(settings: Settings): Promise<AccessKeys> {
  const { AccessKeys, accessKeysPath } = await import('../serve/access-keys.js');
  return new AccessKeys(accessKeysPath(settings));
}

async function create(options: Output & { user?: string }, command: Command): Promise<void> {
  const settings = await settingsOf(command);
  const user = options.user ?? settings.users[0]?.name;
  if (user === undefined) {
    throw new Failure('usage', 'whose key? no user is given or configured', {
      hint: 'add --user NAME, the one that `latchkey serve` lets in',
    });
  }
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(user))
    throw new Failure('usage', '--user has characters that no user name has');
  if (settings.vault !== undefined) await requireOutsideOfVault(settings, settings.vault);
  const key = await (await keysOf(settings)).create(user);
  await print(key, options);
  if (!quiet(command)) note('hint: `latchkey connect CLIENT` prints settings with this key in them');
}

/** A key in the store would be known to its keeper. */
async function requireOutsideOfVault(settings: Settings, root: string): Promise<void> {
  await (await openStore(settings)).close();
  await requireOutside(settings.state, root);
}

async function list({ json }: Output, command: Command): Promise<void> {
  for (const { id, user, created } of await (await keysOf(await settingsOf(command))).list()) {
    await (json
      ? emitJson({ id, user, created })
      : emitLine(`${id}  ${created.slice(0, 16).replace('T', ' ')}  ${user}`));
  }
}

async function show(id: string | undefined, options: Output, command: Command): Promise<void> {
  const keys = await keysOf(await settingsOf(command));
  const key = id === undefined ? (await keys.list())[0] : await keys.find(id);
  if (key === undefined) throw unknownKey(id);
  await print(key, options);
}

async function print(key: AccessKey, { json }: Output): Promise<void> {
  const { id, secret, user, created } = key;
  if (json) return emitJson({ id, secret, user, created });
  await emitLine(
    columns([
      ['access key id', id],
      ['secret access key', secret],
      ['user', user],
    ]),
  );
}

async function remove(id: string, _options: unknown, command: Command): Promise<void> {
  if (!(await (await keysOf(await settingsOf(command))).remove(id))) throw unknownKey(id);
}

function unknownKey(id: string | undefined): Failure {
  if (id === undefined)
    return new Failure('not-found', 'there is no access key yet', {
      hint: '`latchkey access-key create` makes one, and so does the first `latchkey serve`',
    });
  return new Failure('not-found', `there is no access key ${id}`, {
    hint: '`latchkey access-key list` shows them',
  });
}
