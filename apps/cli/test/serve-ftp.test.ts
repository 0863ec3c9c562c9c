import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RememberedPasswords } from '../src/serve/remembered-passwords.js';
import { Workspace } from './program.js';
import { PASSWORD, serve, USER } from './served.js';

function run(workspace: Workspace, program: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(program, args, {
    cwd: workspace.path,
    env: { PATH: process.env.PATH, HOME: workspace.path, ...env },
    encoding: 'utf8',
  });
}

async function settingsFor(client: string, port: number, workspace: Workspace, ...flags: string[]) {
  return workspace.ok('connect', client, '--port', String(port), '--user', 'ann', '--quiet', ...flags);
}

describe('serve over FTP', () => {
  it('gives curl, lftp and rclone what connect prints for them, with the certificate verified', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, 'ftp');
    workspace.file('latchkey.pem', await workspace.ok('connect', 'certificate', '--user', 'ann', '--quiet'));
    workspace.file('FILE', 'sent by curl');

    const line = await settingsFor('curl', served.port, workspace, '--host', 'localhost');
    const words = line.trim().split(' ').slice(1);
    words[words.indexOf('ann')] = `ann:${PASSWORD}`;
    expect(run(workspace, 'curl', ['-sS', '-4', ...words])).toMatchObject({ status: 0, stderr: '' });
    expect(await workspace.ok('cat', 'vault:/FILE')).toBe('sent by curl');

    const printed = await settingsFor('lftp', served.port, workspace, '--ftp');
    const script = workspace.file('l.lftp', printed.replace('open -u', 'open --env-password -u'));
    const lftp = run(workspace, 'lftp', ['-c', `source ${script}; cls -1; bye`], { LFTP_PASSWORD: PASSWORD });
    expect(lftp.stdout).toContain('FILE');

    const obscured = run(workspace, 'rclone', ['obscure', PASSWORD]).stdout.trim();
    const section = await settingsFor('rclone', served.port, workspace, '--ftp', '--host', 'localhost');
    const config = workspace.file('rclone.conf', `${section}pass = ${obscured}\n`);
    const rclone = run(workspace, 'rclone', ['--config', config, 'cat', 'latchkey-ftp:/FILE'], {
      SSL_CERT_FILE: workspace.local('latchkey.pem'),
    });
    expect(rclone).toMatchObject({ status: 0, stdout: 'sent by curl', stderr: '' });
    expect(served.log()).not.toContain(PASSWORD);
    await served.stop();
  });

  it('keeps its certificate over restarts, readable by its owner only, and prints its fingerprint', async () => {
    const workspace = await Workspace.create();
    const first = await serve(workspace, 'ftp');
    await first.stop();
    const second = await serve(workspace, 'ftp');
    expect(second.certificate).toBe(first.certificate);
    expect(first.certificate).toMatch(/[0-9A-F]{2}(:[0-9A-F]{2}){31}/);
    expect(statSync(workspace.local('state', 'ftp_certificate.pem')).mode & 0o777).toBe(0o600);
    expect(await workspace.ok('connect', 'certificate', '--user', 'ann')).not.toContain('PRIVATE');
    await second.stop();
  });

  it('takes no password in clear text unless it was told to', async () => {
    const workspace = await Workspace.create();
    await workspace.put('vault:/seen', 'x');
    const strict = await serve(workspace, 'ftp');
    const list = (port: number) =>
      run(workspace, 'curl', ['-sS', '--user', `ann:${PASSWORD}`, '--list-only', `ftp://127.0.0.1:${port}/`]);
    expect(list(strict.port)).toMatchObject({ stdout: '' });
    await strict.stop();
    const lenient = await serve(workspace, 'ftp', '--ftp-tls', 'allow');
    expect(list(lenient.port)).toMatchObject({ status: 0, stdout: expect.stringContaining('seen') });
    await lenient.stop();
  });

  it('is left out when asked, or when nobody could log in, and names a port that is busy', async () => {
    const workspace = await Workspace.create();
    await expect(serve(workspace, 'ftp', '--no-ftp')).rejects.toThrow('"listening"');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const done = await workspace.run(['serve', '--port', '0', '--ftp-port', String(port), ...USER]);
    other.close();
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(
      `port ${port} on 127.0.0.1 is in use by another program\nhint: choose another with --ftp-port`,
    );
  });

  it('reads everything about FTP from latchkey.toml, and refuses what it does not know', async () => {
    const workspace = await Workspace.create();
    workspace.file(
      'latchkey.toml',
      '[ftp]\ntls = "allow"\nimplicit-port = 0\npassive-ports = "50000-50010"\ngreeting = "Hello scanner"\n',
    );
    const served = await serve(workspace, 'ftp');
    expect(served.log()).toContain('"listening for ftps"');
    const curl = run(workspace, 'curl', [
      '-sv',
      '--user',
      `ann:${PASSWORD}`,
      `ftp://127.0.0.1:${served.port}/`,
    ]);
    expect(curl.stderr).toContain('220 Hello scanner');
    await served.stop();
    for (const [text, message] of [
      ['[ftp]\npassive-ports = "9-1"\n', 'ftp.passive-ports: must be a range of ports'],
      ['[ftp]\ncertificate = "c.pem"\n', 'ftp: certificate and key go together'],
      ['[ftp]\ntls = "maybe"\n', 'ftp.tls'],
    ] as const) {
      workspace.file('latchkey.toml', text);
      const done = await workspace.run(['info']);
      expect(done.status).toBe(2);
      expect(done.stderr).toContain(message);
    }
  });
});

describe('passwords that were right', () => {
  it('are remembered for their user only, the last one only, and not for ever', () => {
    let now = 0;
    const remembered = new RememberedPasswords(() => now);
    remembered.add('ann', 'one');
    expect(remembered.has('ann', 'one')).toBe(true);
    expect(remembered.has('ann', 'two')).toBe(false);
    expect(remembered.has('bob', 'one')).toBe(false);
    remembered.add('ann', 'two');
    expect(remembered.has('ann', 'one')).toBe(false);
    now += 60 * 60_000;
    expect(remembered.has('ann', 'two')).toBe(false);
  });
});
