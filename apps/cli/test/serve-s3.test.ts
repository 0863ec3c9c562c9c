import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CLIENT_NAMES, describeClient, protocolsOf } from '../src/connect/clients.js';
import type { Endpoint } from '../src/connect/endpoint.js';
import { until, Workspace } from './program.js';
import { serve, USER } from './served.js';

interface Key {
  readonly id: string;
  readonly secret: string;
  readonly user: string;
}

async function key(workspace: Workspace, ...args: string[]): Promise<Key> {
  const [found] = await workspace.json('access-key', ...args);
  return found as unknown as Key;
}

/** The status and text of a request that curl signs. */
function curl(
  { id, secret }: Pick<Key, 'id' | 'secret'>,
  url: string,
  ...args: string[]
): { status: number; text: string } {
  const signing = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '-u', `${id}:${secret}`];
  const payload = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'];
  const done = spawnSync('curl', ['-sS', '-w', '\n%{http_code}', ...signing, ...payload, ...args, url], {
    encoding: 'utf8',
  });
  const lines = done.stdout.split('\n');
  return { status: Number(lines.at(-1)), text: lines.slice(0, -1).join('\n') || done.stderr };
}

describe('serve over S3', () => {
  it('makes a key on the first run, which the log names and does not tell, and takes it', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, 's3', '--no-ftp');
    const made = await key(workspace, 'show');
    expect(made).toMatchObject({ user: 'ann', id: expect.stringMatching(/^LATCHKEY[A-Z2-7]{12}$/) });
    expect(made.secret).toMatch(/^[a-z2-7]{40}$/);
    expect(served.log()).toContain(`latchkey access-key show ${made.id}`);
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(curl(made, `${served.url}/bucket`, '-X', 'PUT')).toMatchObject({ status: 200 });
    expect(curl(made, `${served.url}/bucket/key`, '-X', 'PUT', '--data-binary', 'by curl')).toMatchObject({
      status: 200,
    });
    expect(await workspace.ok('cat', 'vault:/bucket/key')).toBe('by curl');
    expect(curl({ ...made, secret: 'a'.repeat(40) }, `${served.url}/bucket/key`)).toMatchObject({
      status: 403,
      text: expect.stringContaining('SignatureDoesNotMatch'),
    });
    await served.stop();
    const again = await serve(workspace, 's3', '--no-ftp');
    expect(again.log()).not.toContain('made an access key');
    expect(curl(made, `${again.url}/bucket/key`)).toEqual({ status: 200, text: 'by curl' });
    await again.stop();
    for (const log of [served.log(), again.log()]) expect(log).not.toContain(made.secret);
  });

  it('takes keys that are made and forgets keys that are removed while it runs', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, 's3', '--no-ftp');
    const second = await key(workspace, 'create', '--user', 'ann');
    const stranger = await key(workspace, 'create', '--user', 'bob');
    expect(curl(second, served.url)).toMatchObject({ status: 200 });
    // Bob may not log in to this server, so his key does not open it either.
    expect(curl(stranger, served.url)).toMatchObject({
      status: 403,
      text: expect.stringContaining('InvalidAccessKeyId'),
    });
    await workspace.ok('access-key', 'remove', second.id);
    expect(curl(second, served.url)).toMatchObject({ status: 403 });
    await served.stop();
  });

  it('keeps secrets in files of their own, readable by their owner only, outside the store', async () => {
    const workspace = await Workspace.create();
    const made = await key(workspace, 'create', '--user', 'ann');
    const folder = workspace.local('state', 'access-keys');
    expect(readdirSync(folder)).toEqual([`${made.id}.json`]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(`${folder}/${made.id}.json`).mode & 0o777).toBe(0o600);
    const listed = await workspace.ok('access-key', 'list');
    expect(listed).toContain(made.id);
    expect(listed).not.toContain(made.secret);
    workspace.env.LATCHKEY_STATE = workspace.local('store', 'state');
    const refused = await workspace.run(['access-key', 'create', '--user', 'ann']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('inside the store') });
  });

  it('names what is wrong with a key', async () => {
    const workspace = await Workspace.create();
    const run = async (...args: string[]) => workspace.run(['access-key', ...args]);
    expect(await run('show')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('access-key create'),
    });
    expect(await run('create')).toMatchObject({ status: 2, stderr: expect.stringContaining('--user NAME') });
    expect(await run('remove', '../../etc/passwd')).toMatchObject({ status: 3 });
    const { id, secret } = await key(workspace, 'create', '--user', 'ann');
    workspace.file(`state/access-keys/${id}.json`, `{"secret":"${secret}","user":7}`);
    const damaged = await run('list');
    expect(damaged).toMatchObject({ status: 1, stderr: expect.stringContaining('a damaged one') });
    expect(damaged.stderr).not.toContain(secret);
  });

  it('encrypts what leaves this computer unless it is told not to, with the certificate of FTP', async () => {
    const workspace = await Workspace.create();
    const made = await key(workspace, 'create', '--user', 'ann');
    const open = await serve(workspace, 's3', '--no-ftp', '--host', '0.0.0.0');
    expect(open.url).toMatch(/^https:/);
    expect(open.certificate).toMatch(/[0-9A-F]{2}(:[0-9A-F]{2}){31}/);
    const pem = workspace.file('latchkey.pem', await workspace.ok('connect', 'certificate', '--quiet'));
    const at = `https://localhost:${open.port}`;
    expect(curl(made, at, '--cacert', pem)).toMatchObject({ status: 200 });
    await open.stop();
    const plain = await serve(workspace, 's3', '--no-ftp', '--host', '0.0.0.0', '--s3-tls', 'off');
    expect(plain.url).toMatch(/^http:/);
    await plain.stop();
    const strict = await serve(workspace, 's3', '--no-ftp', '--s3-tls', 'require');
    expect(strict).toMatchObject({ url: expect.stringMatching(/^https:/), certificate: open.certificate });
    await strict.stop();
  });

  it('is left out when asked, and names a port that is busy', async () => {
    const workspace = await Workspace.create();
    await expect(serve(workspace, 's3', '--no-ftp', '--no-s3')).rejects.toThrow('"listening"');
    expect(readdirSync(workspace.local('state'))).not.toContain('access-keys');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const done = await workspace.run([
      'serve',
      '--port',
      '0',
      '--no-ftp',
      '--s3-port',
      String(port),
      ...USER,
    ]);
    other.close();
    expect(done.status).toBe(1);
    expect(done.stderr).toContain(
      `port ${port} on 127.0.0.1 is in use by another program\nhint: choose another with --s3-port`,
    );
  });

  it('reads everything about S3 from latchkey.toml, and refuses what it does not know', async () => {
    const workspace = await Workspace.create();
    workspace.file(
      'latchkey.toml',
      '[s3]\nregion = "eu-central-1"\ndomains = ["s3.example.org"]\nupload = "1MiB"\nrequests = 8\npublic-buckets = ["bucket"]\nkeep-uploads = "2d"\n',
    );
    const served = await serve(workspace, 's3', '--no-ftp');
    expect(served.log()).toContain('"region":"eu-central-1"');
    const made = await key(workspace, 'show');
    expect(curl(made, served.url)).toMatchObject({
      status: 403,
      text: expect.stringContaining('eu-central-1'),
    });
    const region = ['--aws-sigv4', 'aws:amz:eu-central-1:s3'];
    expect(curl(made, `${served.url}/bucket`, '-X', 'PUT', ...region)).toMatchObject({ status: 200 });
    const byHost = ['--resolve', `bucket.s3.example.org:${served.port}:127.0.0.1`, ...region];
    const object = `http://bucket.s3.example.org:${served.port}/key`;
    expect(curl(made, object, '-X', 'PUT', '-d', 'x', ...byHost)).toMatchObject({ status: 200 });
    expect(await workspace.ok('cat', 'vault:/bucket/key')).toBe('x');
    const unsigned = (bucket: string) => fetch(`${served.url}/${bucket}/key`).then((answer) => answer.status);
    expect([await unsigned('bucket'), await unsigned('other')]).toEqual([200, 403]);
    const large = workspace.file('large', Buffer.alloc(2 * 2 ** 20));
    expect(curl(made, object, '-T', large, ...byHost).text).toContain('EntityTooLarge');
    await served.stop();
    for (const [text, message] of [
      ['[s3]\ntls = "allow"\n', 's3.tls'],
      ['[s3]\nkey = "k.pem"\n', 's3: certificate and key go together'],
      ['[s3]\ndomains = ["a b"]\n', 's3.domains.1: must be a host name'],
      ['[s3]\nupload = "much"\n', 's3.upload: must be a size'],
      ['[s3]\nlarge-bodies = 0\n', 's3.large-bodies'],
      ['[s3]\nlarge-bodies = 1.5\n', 's3.large-bodies'],
      ['[s3]\nslow-after = "0s"\n', 's3.slow-after: must be a span'],
      ['[s3]\nslow-after = "2h"\n', 's3.slow-after: must be from "1s" to "1h"'],
      ['[s3]\nslow-after = 3\n', 's3.slow-after'],
    ] as const) {
      workspace.file('latchkey.toml', text);
      const done = await workspace.run(['info']);
      expect(done).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    }
  });
});

describe('connect for S3', () => {
  const endpoint: Endpoint = {
    host: '127.0.0.1',
    port: 8333,
    user: 'ann',
    given: '',
    hostKey: undefined,
    identity: undefined,
    clearText: false,
    certificate: undefined,
    s3: { url: 'http://127.0.0.1:8333', region: 'eu-north-1', id: 'LATCHKEYID', secret: 'the-secret' },
  };
  const clients = CLIENT_NAMES.filter((client) => protocolsOf(client).includes('s3'));

  it('knows the clients that people use', () => {
    expect(clients).toHaveLength(10);
  });

  it.each(clients)(
    'puts address and key into the settings of %s, and what to trust where it is TLS',
    (client) => {
      const plain = JSON.stringify(describeClient(client, 's3', endpoint));
      expect(plain).toContain('LATCHKEYID');
      expect(plain).toContain('the-secret');
      expect(plain).toMatch(/127\.0\.0\.1.*8333/);
      expect(plain).not.toMatch(/latchkey\.pem|fingerprint/);
      const certificate = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';
      const secure = describeClient(client, 's3', { ...endpoint, certificate });
      expect(JSON.stringify(secure)).toMatch(/latchkey\.pem|fingerprint/);
    },
  );

  it('finds the key of the user or the one that is named, and no other client is told a secret', async () => {
    const workspace = await Workspace.create();
    workspace.env.LATCHKEY_S3_PORT = '8333';
    const first = await key(workspace, 'create', '--user', 'ann');
    const second = await key(workspace, 'create', '--user', 'bob');
    const secretFor = async (...flags: string[]): Promise<unknown> =>
      (await workspace.json('connect', 'aws', '--host', 'nas.example', ...flags))[0];
    expect(await secretFor()).toMatchObject({
      protocol: 's3',
      s3: { url: 'https://nas.example:8333', id: first.id, secret: first.secret },
    });
    expect(await secretFor('--user', 'bob')).toMatchObject({ s3: { secret: second.secret } });
    expect(await secretFor('--access-key', second.id)).toMatchObject({ user: 'bob' });
    expect(await workspace.ok('connect', 'rclone', '--user', 'ann', '--json')).not.toContain(first.secret);
    const refused = await workspace.run(['connect', 'sshfs', '--s3']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('does not speak S3') });
  });

  it('gives rclone a section that it works with', async () => {
    const workspace = await Workspace.create();
    const served = await serve(workspace, 's3', '--no-ftp');
    const section = await workspace.ok('connect', 'rclone', '--s3', '--port', String(served.port), '--quiet');
    const config = workspace.file('rclone.conf', section);
    workspace.file('FILE', 'sent by rclone');
    const rclone = (...args: string[]) =>
      spawnSync('rclone', ['--config', config, ...args], {
        cwd: workspace.path,
        env: { PATH: process.env.PATH, HOME: workspace.path },
        encoding: 'utf8',
      });
    expect(rclone('copy', 'FILE', 'latchkey-s3:bucket/folder')).toMatchObject({ status: 0 });
    expect(rclone('md5sum', 'latchkey-s3:bucket').stdout).toContain('folder/FILE');
    expect(await workspace.ok('cat', 'vault:/bucket/folder/FILE')).toBe('sent by rclone');
    expect(readFileSync(config, 'utf8')).toContain('provider = Other');
    await served.stop();
  });

  it('applies the lifecycles of buckets', async () => {
    const workspace = await Workspace.create();
    workspace.file('latchkey.toml', '[s3]\nlifecycles-every = "1s"\n');
    const served = await serve(workspace, 's3', '--no-ftp');
    const made = await key(workspace, 'show');
    curl(made, `${served.url}/bucket`, '-X', 'PUT');
    for (const name of ['tmp/a', 'kept'])
      expect(curl(made, `${served.url}/bucket/${name}`, '-X', 'PUT', '-d', 'content').status).toBe(200);
    const rule =
      '<Rule><ID>1</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule>';
    const text = `<LifecycleConfiguration>${rule}</LifecycleConfiguration>`;
    const digest = createHash('md5').update(text).digest('base64');
    const put = ['-X', 'PUT', '-d', text, '-H', `content-md5: ${digest}`];
    expect(curl(made, `${served.url}/bucket?lifecycle=`, ...put)).toMatchObject({ status: 200 });
    await until('expired', () => curl(made, `${served.url}/bucket/tmp/a`).status === 404);
    expect(curl(made, `${served.url}/bucket/kept`)).toEqual({ status: 200, text: 'content' });
    await until('logged', () => /"applied the lifecycles of buckets".*"objects":1/.test(served.log()));
    await served.stop();
  });
});
