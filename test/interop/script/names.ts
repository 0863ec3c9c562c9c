import { expect } from 'vitest';
import { Cannot, type Client } from '../client.js';
import { readItem, readTree, without } from '../trees.js';
import type { Stage, Step } from './step.js';

/** Names that file systems allow and programs trip over, by the id of their step. */
export const NAMES: Readonly<Record<string, string>> = {
  spaces: ' name with  spaces ',
  quotes: `name with 'single' and "double" quotes`,
  emoji: 'name with 🗝️ and 👩‍👩‍👧‍👦',
  newline: 'name with\na newline',
  '255-bytes': `255 bytes ${'ß'.repeat(122)}!`,
  dash: '-rf named like an option',
  glob: 'name with *, ? and [a-z]',
  braces: 'name with {curly,braces}',
  backslash: 'name with \\ and \\n',
  shell: 'name with $HOME `id` & ; | > #',
  percent: 'name with %2F and %00',
  tilde: '~name like a home',
  'dot-file': '.name that is hidden',
  composed: 'name with \u00e9 composed',
  decomposed: 'name with e\u0301 decomposed',
  scripts: 'имя 名前 اسم',
  control: 'name with \u0001 and \u007f',
};

function mustBeSayable(client: Client, name: string): void {
  if (client.cannotName?.(name)) throw new Cannot(`it has no way to say ${JSON.stringify(name)}`);
}

async function roundTrip({ client, local, stored, remote }: Stage, name: string): Promise<void> {
  mustBeSayable(client, name);
  const sent = local.file(name, 100);
  await client.put(sent.path, `${remote}/${name}`);
  expect(Object.keys(await stored.tree(remote))).toEqual([name]);
  expect(await stored.item(`${remote}/${name}`)).toEqual(await readItem(sent.path));
  const back = local.fresh();
  await client.get(`${remote}/${name}`, back);
  expect(await readItem(back)).toMatchObject({ size: 100, kind: 'file' });
}

const byName: Step[] = Object.entries(NAMES).map(([id, name]) => ({
  id: `name-${id}`,
  title: `a file named ${JSON.stringify(name.length > 60 ? `${name.slice(0, 20)}...` : name)} goes up and down`,
  run: (stage) => roundTrip(stage, name),
}));

const listed: Step[] = Object.entries(NAMES).map(([id, name]) => ({
  id: `listed-${id}`,
  title: `the client lists ${JSON.stringify(name.length > 60 ? `${name.slice(0, 20)}...` : name)} as it is`,
  needs: ['names'],
  run: async ({ client, local, remote }) => {
    mustBeSayable(client, name);
    const folder = local.folder();
    local.file(name, 10, 1_700_000_001, folder);
    await client.putTree(folder, `${remote}/listed-here`);
    // Compared as text: some clients print one name a line, and a newline in a name as it is.
    expect((await client.names?.(`${remote}/listed-here`))?.join('\n')).toBe(client.spelling?.(name) ?? name);
  },
}));

/** The steps that look at what the client lists. */
export const LISTED: readonly string[] = listed.map((step) => step.id);

/** One name in each step. */
export const EACH_NAME: readonly Step[] = [...byName, ...listed];

export const NAMES_TOGETHER: Step = {
  id: 'names-together',
  title: 'all of these names go up and down in one directory',
  run: async ({ client, local, stored, remote }) => {
    const folder = local.folder();
    const names = Object.values(NAMES).filter((name) => client.cannotName?.(name) !== true);
    for (const name of names) local.file(name, 50, 1_700_000_001, folder);
    await client.putTree(folder, `${remote}/names-together`);
    const sent = without(await readTree(folder), 'modified', 'mode');
    const spell = (name: string): string => client.spelling?.(name) ?? name;
    const truth = Object.fromEntries(Object.entries(sent).map(([name, item]) => [spell(name), item]));
    expect(without(await stored.tree(`${remote}/names-together`), 'modified', 'mode')).toEqual(truth);
    const back = local.fresh();
    await client.getTree(`${remote}/names-together`, back);
    expect(without(await readTree(back), 'modified', 'mode')).toEqual(sent);
  },
};
