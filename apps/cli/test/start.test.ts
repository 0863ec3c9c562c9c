import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { folder, until } from './program.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Demo {
  readonly output: () => string;
  readonly stop: () => Promise<number | null>;
}

async function startDemo(place: string): Promise<Demo> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'start.mjs'), place], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const end = new Promise<number | null>((resolve) => child.on('close', resolve));
  onTestFinished(() => {
    child.kill('SIGTERM');
  });
  await until('the demo', () => output.includes('Ctrl-C stops') || child.exitCode !== null);
  return {
    output: () => output,
    stop: () => {
      child.kill('SIGINT');
      return end;
    },
  };
}

/** Runs one of the printed commands as a person would, with `input` typed into it. */
function runPrinted(
  demo: Demo,
  program: string,
  input: string,
  change: (line: string) => string = (line) => line,
): string {
  const found = new RegExp(`^ +(?:[\\w, ]+: +)?(${program} .*)$`, 'm').exec(demo.output())?.[1];
  if (found === undefined) throw new Error(`no command for ${program} in\n${demo.output()}`);
  const done = spawnSync('bash', ['-c', change(found)], {
    cwd: ROOT,
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder() },
  });
  return `${done.status} ${done.stdout}`;
}

it('npm start makes a demo, prints commands that work, and serves the same demo again on a free port', async () => {
  const place = join(folder(), 'the demo');
  const first = await startDemo(place);
  for (const name of ['passphrase', 'password', 'key', 'latchkey.toml', 'aws_config', 'rclone.conf']) {
    expect([name, statSync(join(place, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect(statSync(place).mode & 0o777).toBe(0o700);
  expect(
    runPrinted(first, 'sftp', 'put package.json\nls\n', (line) => line.replace('sftp ', 'sftp -b - ')),
  ).toMatch(/^0 [\s\S]*welcome\.txt/);
  expect(runPrinted(first, 'scp', '')).toBe('0 ');
  expect(runPrinted(first, 'rclone', '')).toMatch(/^0 [\s\S]*README\.md\n[\s\S]*welcome\.txt/);
  expect(runPrinted(first, 'lftp', 'cls -1\n')).toMatch(/^0 [\s\S]*welcome\.txt/);
  expect(runPrinted(first, 'AWS_CONFIG_FILE=.* aws', '')).toMatch(/^0 [\s\S]*s3:\/\/photos\/README\.md/);
  expect(runPrinted(first, 'rclone lsf latchkey-s3:photos', '')).toBe('0 README.md\n');
  expect(runPrinted(first, 'node', '')).toMatch(/^0 [\s\S]*welcome\.txt/);
  const secrets = ['passphrase', 'password'].map((name) => readFileSync(join(place, name), 'utf8').trim());
  secrets.push(
    /aws_secret_access_key = (\S+)/.exec(readFileSync(join(place, 'aws_config'), 'utf8'))?.[1] ?? '',
  );
  for (const secret of secrets) expect(first.output()).not.toContain(secret);
  const settings = readFileSync(join(place, 'latchkey.toml'), 'utf8');
  const again = spawnSync(process.execPath, [join(ROOT, 'scripts', 'start.mjs'), place], {
    encoding: 'utf8',
  });
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('is served already') });
  expect(readFileSync(join(place, 'latchkey.toml'), 'utf8')).toBe(settings);
  expect(await first.stop()).toBe(0);

  const port = Number(/sftp:\/\/127\.0\.0\.1:(\d+)/.exec(first.output())?.[1]);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    squatter.close();
  });
  const second = await startDemo(place);
  expect(second.output()).not.toContain('making a demo vault');
  expect(second.output()).not.toContain(`127.0.0.1:${port},`);
  expect(runPrinted(second, 'rclone', '')).toMatch(/^0 [\s\S]*package\.json\n[\s\S]*welcome\.txt/);
  expect(await second.stop()).toBe(0);
});
