import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ended, fingerprint, PASSPHRASE, until, Workspace } from './program.js';

const SFTP_PASSWORD = 'correct-horse-sftp';

interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  readonly hostKey: string;
  readonly end: ReturnType<typeof ended>;
  log(): string;
}

async function serve(workspace: Workspace, ...flags: string[]): Promise<Served> {
  const child = workspace.start(['serve', '--port', '0', '--log', 'json', ...flags]);
  let log = '';
  child.stderr?.on('data', (text: Buffer) => (log += text.toString()));
  const end = ended(child);
  await until('listening', () => log.includes('"listening"') || child.exitCode !== null);
  const event = log.split('\n').find((line) => line.includes('"listening"'));
  if (event === undefined) throw new Error(log);
  const { port, hostKey } = JSON.parse(event) as { port: number; hostKey: string };
  return { child, port, hostKey, end, log: () => log };
}

/** A key pair as a user has it; returns the flags that let it in. */
function userKey(workspace: Workspace): string[] {
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', workspace.local('id')]);
  return ['--user', 'ann', '--authorized-keys', workspace.local('id.pub')];
}

function sftp(
  workspace: Workspace,
  port: number,
  commands: string,
): { status: number | null; output: string } {
  const options = [
    '-o',
    `UserKnownHostsFile=${workspace.local('known_hosts')}`,
    '-o',
    'StrictHostKeyChecking=yes',
  ];
  const identity = ['-i', workspace.local('id'), '-o', 'IdentitiesOnly=yes', '-F', '/dev/null'];
  const done = spawnSync('sftp', ['-b', '-', '-P', String(port), ...identity, ...options, 'ann@127.0.0.1'], {
    cwd: workspace.path,
    input: commands,
    encoding: 'utf8',
  });
  return { status: done.status, output: done.stdout + done.stderr };
}

async function trust(workspace: Workspace, port: number): Promise<void> {
  writeFileSync(
    workspace.local('known_hosts'),
    await workspace.ok('connect', 'known-hosts', '--port', String(port), '--user', 'ann'),
  );
}

describe('serve', () => {
  it('serves the vault to OpenSSH while the command line uses it too, and stops on SIGTERM', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/from-cli', 'one');
    const served = await serve(workspace, ...userKey(workspace));
    await trust(workspace, served.port);
    workspace.file('local', 'two');
    expect(sftp(workspace, served.port, 'put local from-sftp\nget from-cli got\nmkdir dir\n')).toMatchObject({
      status: 0,
    });
    expect(readFileSync(workspace.local('got'), 'utf8')).toBe('one');
    expect(await workspace.ok('cat', 'vault:/from-sftp')).toBe('two');
    await workspace.ok('mv', 'vault:/from-cli', 'vault:/dir/moved');
    expect(sftp(workspace, served.port, 'ls dir\n').output).toContain('dir/moved');
    served.child.kill('SIGTERM');
    expect(await served.end).toMatchObject({ status: 0, stdout: '' });
    for (const line of served.log().trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
    expect(served.log()).toContain('"stopped"');
    expect(await workspace.run(['check', '--read-data'])).toMatchObject({ status: 0 });
  });

  it('keeps its host key, outside the store, readable by its owner only', async () => {
    const workspace = await Workspace.create();
    const flags = userKey(workspace);
    const first = await serve(workspace, ...flags);
    // As when the terminal it runs in is closed.
    first.child.kill('SIGHUP');
    expect(await first.end).toMatchObject({ status: 0 });
    expect(first.log()).toContain('"stopped"');
    const key = workspace.local('state', 'ssh_host_ed25519_key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const second = await serve(workspace, ...flags);
    expect(second.hostKey).toBe(first.hostKey);
    expect(first.hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    const before = fingerprint(workspace.store);
    const inside = await workspace.run([
      'serve',
      '--port',
      '0',
      ...flags,
      '--state',
      `${workspace.store}/new/state`,
    ]);
    expect(inside.status).toBe(2);
    expect(inside.stderr).toContain('inside the store');
    expect(existsSync(`${workspace.store}/new`)).toBe(false);
    expect(fingerprint(workspace.store)).toBe(before);
  });

  it('names a port that is busy', async () => {
    const workspace = await Workspace.create();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const done = await workspace.run(['serve', '--port', String(port), ...userKey(workspace)]);
    other.close();
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(
      `port ${port} on 127.0.0.1 is in use by another program\nhint: choose another with --port`,
    );
  });

  it('lets nobody in by default, and refuses users that could not log in', async () => {
    const workspace = await Workspace.create();
    const cases: [string[], string][] = [
      [[], 'no user is configured'],
      [['--user', 'ann'], 'neither a password nor a key'],
      [['--password-file', 'x'], 'need --user'],
      [
        ['--user', 'ann', '--authorized-keys', workspace.file('k', 'from="10.0.0.1" ssh-ed25519 AAAA\n')],
        'not a public key line without options',
      ],
      [
        ['--user', 'ann', '--password-file', workspace.file('h', '$scrypt$ln=30,r=8,p=1$abc$def\n')],
        'not one that this program makes',
      ],
    ];
    for (const [flags, message] of cases) {
      const done = await workspace.run(['serve', '--port', '0', ...flags]);
      expect({ flags, status: done.status }).toEqual({ flags, status: 2 });
      expect(done.stderr).toContain(message);
    }
  });

  it('checks passwords against the hash in the configuration', async () => {
    const workspace = await Workspace.create();
    const hash = await workspace.ok('password', '--from-file', workspace.file('pw', `${SFTP_PASSWORD}\n`));
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    workspace.file('latchkey.toml', `[[users]]\nname = "bob"\npassword = "${hash.trim()}"\n`);
    const served = await serve(workspace);
    const log = (password: string): { status: number | null; output: string } => {
      const known = `-o UserKnownHostsFile=${workspace.local('kh')} -o StrictHostKeyChecking=no`;
      const script = `set net:max-retries 1; set cmd:fail-exit yes; set sftp:connect-program "ssh -a -x -F /dev/null ${known} -o NumberOfPasswordPrompts=1"; open --env-password sftp://bob@127.0.0.1:${served.port}; cls -1 /; bye`;
      const done = spawnSync('lftp', ['-c', script], {
        env: { PATH: process.env.PATH, HOME: workspace.path, LFTP_PASSWORD: password },
        encoding: 'utf8',
      });
      return { status: done.status, output: done.stdout + done.stderr };
    };
    await workspace.put('vault:/seen', 'x');
    expect(log(SFTP_PASSWORD)).toMatchObject({ status: 0, output: expect.stringContaining('seen') });
    const wrong = log('wrong-password-guess');
    expect(wrong.status).not.toBe(0);
    expect(wrong.output).not.toContain('seen');
    expect(served.log()).not.toContain('wrong-password-guess');
  });

  it('keeps secrets out of its arguments, title, environment of its own making and log', async () => {
    const workspace = await Workspace.create();
    const secret = workspace.file('secret', PASSPHRASE);
    const hashed = workspace.file('pw', SFTP_PASSWORD);
    const env = { LATCHKEY_PASSPHRASE: '', LATCHKEY_PASSPHRASE_FILE: secret, LATCHKEY_LOG_LEVEL: 'debug' };
    Object.assign(workspace.env, env);
    const served = await serve(workspace, '--user', 'ann', '--password-file', hashed);
    spawnSync('ssh', [
      '-F',
      '/dev/null',
      '-o',
      'BatchMode=yes',
      '-p',
      String(served.port),
      'ann@127.0.0.1',
      'true',
    ]);
    const seen = ['cmdline', 'comm', 'environ'].map((name) =>
      readFileSync(`/proc/${served.child.pid}/${name}`, 'utf8'),
    );
    served.child.kill('SIGTERM');
    await served.end;
    const everything = [...seen, served.log()].join('\n');
    for (const text of [PASSPHRASE, SFTP_PASSWORD, 'PRIVATE KEY', '$scrypt$'])
      expect(everything).not.toContain(text);
    expect(everything).toContain('latchkey');
  });

  it('keeps running when whoever read its log goes away', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, ...userKey(workspace));
    await trust(workspace, served.port);
    served.child.stderr?.destroy();
    served.child.stdout?.destroy();
    for (let round = 0; round < 3; round += 1) {
      expect(sftp(workspace, served.port, 'ls\n')).toMatchObject({ status: 0 });
    }
    expect(served.child.exitCode).toBeNull();
  });
});

describe('connect', () => {
  it('prints an OpenSSH configuration and a known_hosts line that OpenSSH takes', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, ...userKey(workspace));
    await trust(workspace, served.port);
    const flags = ['--port', String(served.port), '--user', 'ann', '--identity', 'id', '--quiet'];
    const config = workspace.file('config', await workspace.ok('connect', 'openssh', ...flags));
    const done = spawnSync(
      'sftp',
      ['-F', config, '-o', `UserKnownHostsFile=${workspace.local('known_hosts')}`, '-b', '-', 'latchkey'],
      { input: 'mkdir made\n', encoding: 'utf8' },
    );
    expect(done).toMatchObject({ status: 0 });
    expect(await workspace.ok('ls')).toBe('made/\n');
  });

  it('prints an rclone section that rclone verifies transfers with', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, ...userKey(workspace));
    mkdirSync(workspace.local('.ssh'));
    await trust(workspace, served.port);
    writeFileSync(workspace.local('.ssh', 'known_hosts'), readFileSync(workspace.local('known_hosts')));
    const flags = ['--port', String(served.port), '--user', 'ann', '--identity', 'id'];
    const config = workspace.file('rclone.conf', await workspace.ok('connect', 'rclone', ...flags));
    workspace.file('doc', 'content');
    const rclone = (...args: string[]) =>
      spawnSync('rclone', ['--config', config, ...args], {
        cwd: workspace.path,
        env: { PATH: process.env.PATH, HOME: workspace.path },
        encoding: 'utf8',
      });
    expect(rclone('copy', 'doc', 'latchkey:/into')).toMatchObject({ status: 0 });
    expect(rclone('md5sum', 'latchkey:/into').stdout).toContain('9a0364b9e99bb480dd25e1f0284c8555  doc');
    expect(await workspace.ok('cat', 'vault:/into/doc')).toBe('content');
  });

  it('prints an lftp script that lftp runs', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/seen', 'x');
    const served = await serve(workspace, ...userKey(workspace));
    await trust(workspace, served.port);
    const flags = ['--port', String(served.port), '--user', 'ann', '--identity', 'id'];
    const script = await workspace.ok('connect', 'lftp', ...flags);
    const strict = script.replace(
      '-a -x',
      `-a -x -F /dev/null -o UserKnownHostsFile=${workspace.local('known_hosts')}`,
    );
    const done = spawnSync('lftp', ['-c', `source ${workspace.file('l.lftp', strict)}; cls -1; bye`], {
      env: { PATH: process.env.PATH, HOME: workspace.path },
      encoding: 'utf8',
    });
    expect(done.stdout).toContain('seen');
  });

  it('prints a FileZilla site in well-formed XML, and an sshfs line', async () => {
    const workspace = new Workspace();
    const flags = ['--host', 'vault.example', '--port', '2200', '--user', 'ann'];
    const site = await workspace.ok('connect', 'filezilla', ...flags, '--identity', '/home/a&b/<key>');
    expect(site).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<FileZilla3>/);
    expect(site).toContain(
      '<Host>vault.example</Host>\n      <Port>2200</Port>\n      <Protocol>1</Protocol>',
    );
    expect(site).toContain('<Keyfile>/home/a&amp;b/&lt;key&gt;</Keyfile>');
    expect(await workspace.ok('connect', 'sshfs', ...flags)).toContain(
      'sshfs -p 2200 -o reconnect,idmap=user ann@vault.example:/',
    );
    const [json] = await workspace.json('connect', 'openssh', ...flags);
    expect(json).toMatchObject({ client: 'openssh', host: 'vault.example', port: 2200, user: 'ann' });
  });

  it('takes no text that a client would read as more settings', async () => {
    const workspace = new Workspace();
    const bad = [
      '--user=a b',
      '--user=a\nProxyCommand x',
      '--host=h;rm',
      '--identity=a"b',
      '--identity=a\nb',
    ];
    for (const flag of bad) {
      const done = await workspace.run(['connect', 'openssh', '--user', 'ann', flag]);
      expect({ flag, status: done.status, stdout: done.stdout }).toEqual({ flag, status: 2, stdout: '' });
    }
    expect(await workspace.run(['connect', 'known-hosts', '--user', 'ann'])).toMatchObject({ status: 3 });
  });
});
