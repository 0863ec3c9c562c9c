import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fingerprint, MAIN, PASSPHRASE, Workspace } from './program.js';

/** The settings of a workspace without its passphrase. */
const silent = { LATCHKEY_PASSPHRASE: '' };
const NEW = 'eleven brass kettles hum in F';

/** Runs the program at a pseudo-terminal and answers its questions. Gives all that the terminal showed. */
function atTerminal(
  workspace: Workspace,
  args: string,
  answers: readonly [string, string][],
): { shown: string; status: number | null } {
  const lines = answers.map(
    ([question, answer]) => `expect -exact {${question}}; send -- {${answer}}; send "\\r"`,
  );
  const script = `set timeout 100; spawn -noecho {${process.execPath}} {${MAIN}} ${args}; ${lines.join('; ')}; expect eof; exit [lindex [wait] 3]`;
  const done = spawnSync('expect', ['-c', script], {
    cwd: workspace.path,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm', ...workspace.env, ...silent },
    encoding: 'utf8',
  });
  if (done.error) throw done.error;
  return { shown: done.stdout, status: done.status };
}

describe('the passphrase', () => {
  it('comes from a file, the environment or a command', async () => {
    const workspace = await Workspace.create();
    const file = workspace.file('secret', `${PASSPHRASE}\nsecond line\n`);
    const ways: [string[], NodeJS.ProcessEnv][] = [
      [['--passphrase-file', file], {}],
      [['--passphrase-command', `cat ${file}`], {}],
      [[], { LATCHKEY_PASSPHRASE: PASSPHRASE }],
      [[], { LATCHKEY_PASSPHRASE_FILE: file }],
      [[], { LATCHKEY_PASSPHRASE_COMMAND: `head -n 1 ${file}` }],
    ];
    for (const [flags, env] of ways) {
      const done = await workspace.run(['ls', ...flags], { env: { ...silent, ...env } });
      expect({ flags, env, ...done }).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('warns of a file that others can read', async () => {
    const workspace = await Workspace.create();
    const file = workspace.file('secret', PASSPHRASE, 0o644);
    const done = await workspace.run(['ls', '--passphrase-file', file], { env: silent });
    expect(done.status).toBe(0);
    expect(done.stderr).toContain('can be read by others');
  });

  it('is not handed on to the command that makes it', async () => {
    const workspace = await Workspace.create();
    const command = `test -z "$LATCHKEY_NEW_PASSPHRASE" && echo '${PASSPHRASE}'`;
    const env = { ...silent, LATCHKEY_NEW_PASSPHRASE: 'leak' };
    expect(await workspace.run(['ls', '--passphrase-command', command], { env })).toMatchObject({
      status: 0,
    });
  });

  it('that cannot be had is an error that repeats nothing', async () => {
    const workspace = await Workspace.create();
    const cases: [string[], string][] = [
      [[], 'no passphrase was given and there is no terminal'],
      [['--passphrase-command', 'echo hunter2; exit 3'], 'the command for the passphrase failed'],
      [['--passphrase-command', 'true'], 'empty passphrase'],
      [['--passphrase-command', "printf '\\377'"], 'not UTF-8'],
    ];
    for (const [flags, message] of cases) {
      const done = await workspace.run(['ls', ...flags], { env: silent });
      expect(done.status).toBe(4);
      expect(done.stderr).toContain(message);
      expect(done.stderr).not.toContain('hunter2');
    }
  });

  it('if wrong is said to be wrong, by every command, and changes nothing', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/file', 'x');
    const before = fingerprint(workspace.store);
    workspace.file('local', 'y');
    const commands = [
      'ls',
      'cp local vault:/other',
      'rm vault:/file',
      'mkdir vault:/d',
      'passwd',
      'recovery create',
      'check --repair',
      'gc',
      'info',
      'serve --user a --password-file local --port 0',
    ];
    const env = { LATCHKEY_PASSPHRASE: 'wrong horse battery staple', LATCHKEY_NEW_PASSPHRASE: NEW };
    for (const command of commands) {
      const done = await workspace.run(command.split(' '), { env });
      expect({ command, ...done }).toMatchObject({ status: 4, stdout: '' });
      expect(done.stderr).toContain('latchkey: wrong passphrase\nhint: nothing was changed');
    }
    expect(fingerprint(workspace.store)).toBe(before);
  });

  it('is not asked for where there is no vault', async () => {
    const workspace = new Workspace();
    const done = await workspace.run(['ls'], { env: silent });
    expect(done.status).toBe(3);
    expect(done.stderr).toContain('latchkey init');
  });
});

describe('the prompt', () => {
  it('hides what is typed and takes corrections', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/file.txt', 'x');
    const done = atTerminal(workspace, 'ls', [['Passphrase: ', `oops\u0015${PASSPHRASE}!\u007f`]]);
    expect(done).toMatchObject({ status: 0 });
    expect(done.shown).toContain('file.txt');
    expect(done.shown).not.toContain('otters');
  });

  it('asks for a new passphrase twice', () => {
    const workspace = new Workspace();
    const differing = atTerminal(workspace, 'init', [
      ['New passphrase: ', PASSPHRASE],
      ['Again: ', 'something else'],
    ]);
    expect(differing.status).toBe(4);
    expect(differing.shown).toContain('differ');
    const made = atTerminal(workspace, 'init', [
      ['New passphrase: ', PASSPHRASE],
      ['Again: ', PASSPHRASE],
    ]);
    expect(made.status).toBe(0);
    expect(made.shown).toContain('fingerprint');
    expect(made.shown).not.toContain('otters');
  });

  it('can be left with Ctrl-C', async () => {
    const workspace = await Workspace.create();
    expect(atTerminal(workspace, 'ls', [['Passphrase: ', '\u0003']]).status).toBe(130);
  });

  it('works while standard input carries data', async () => {
    const workspace = await Workspace.create();
    const command = `sh -c {printf data | '${process.execPath}' '${MAIN}' cp - vault:/piped}`;
    const script = `set timeout 100; spawn -noecho ${command}; expect -exact {Passphrase: }; send -- {${PASSPHRASE}}; send "\\r"; expect eof; exit [lindex [wait] 3]`;
    const done = spawnSync('expect', ['-c', script], {
      env: { PATH: process.env.PATH, ...workspace.env, ...silent },
      encoding: 'utf8',
    });
    expect(done).toMatchObject({ status: 0 });
    expect(await workspace.ok('cat', 'vault:/piped')).toBe('data');
  });

  it('shows a bar with rate and time left at a terminal', async () => {
    const workspace = await Workspace.create();
    workspace.file('large', Buffer.alloc(64 * 2 ** 20));
    const done = atTerminal(workspace, 'cp large vault:/large', [['Passphrase: ', PASSPHRASE]]);
    expect(done.status).toBe(0);
    expect(done.shown).toMatch(/files {2}[\d.]+ [KMG]?i?B/);
    expect(done.shown).toMatch(/iB\/s|B\/s/);
  });
});

describe('passwd and recovery', () => {
  it('passwd replaces the passphrase', async () => {
    const workspace = await Workspace.create();
    const weak = await workspace.run(['passwd'], { env: { LATCHKEY_NEW_PASSPHRASE: 'short' } });
    expect(weak).toMatchObject({ status: 6 });
    const file = workspace.file('new', NEW);
    expect(await workspace.run(['passwd', '--new-passphrase-file', file])).toMatchObject({ status: 0 });
    expect(await workspace.run(['ls'])).toMatchObject({ status: 4 });
    expect(await workspace.run(['ls'], { env: { LATCHKEY_PASSPHRASE: NEW } })).toMatchObject({ status: 0 });
  });

  it('recovery words set a new passphrase when the old one is lost', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/file', 'kept');
    const [created] = await workspace.json('recovery', 'create');
    const words = created?.words as string[];
    expect(words).toHaveLength(24);
    const [slot] = await workspace.json('recovery', 'list');
    // As people type them.
    const file = workspace.file('words', `  ${words.join('  ').toUpperCase()} \n`);
    const restored = await workspace.run(['recovery', 'restore', '--words-file', file], {
      env: { ...silent, LATCHKEY_NEW_PASSPHRASE: NEW },
    });
    expect(restored).toMatchObject({ status: 0 });
    const env = { LATCHKEY_PASSPHRASE: NEW };
    expect(await workspace.run(['cat', 'vault:/file'], { env })).toMatchObject({ stdout: 'kept' });
    expect(await workspace.run(['ls'])).toMatchObject({ status: 4 });
    expect(await workspace.run(['recovery', 'remove', 'ffff'], { env })).toMatchObject({ status: 3 });
    expect(await workspace.run(['recovery', 'remove', String(slot?.id)], { env })).toMatchObject({
      status: 0,
    });
    const again = await workspace.run(['recovery', 'restore', '--words-file', file], {
      env: { ...silent, LATCHKEY_NEW_PASSPHRASE: PASSPHRASE },
    });
    expect(again).toMatchObject({ status: 4 });
  });

  it('wrong words are said to be wrong and change nothing', async () => {
    const workspace = await Workspace.create();
    await workspace.ok('recovery', 'create', '--quiet');
    const before = fingerprint(workspace.store);
    for (const text of [`${'abandon '.repeat(23)}art`, 'these are no words']) {
      const done = await workspace.run(
        ['recovery', 'restore', '--words-file', workspace.file('words', text)],
        {
          env: { ...silent, LATCHKEY_NEW_PASSPHRASE: NEW },
        },
      );
      expect({ text, ...done }).toMatchObject({ status: 4, stdout: '' });
    }
    expect(fingerprint(workspace.store)).toBe(before);
  });
});
