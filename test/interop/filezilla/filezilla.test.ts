import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { Needles } from '../scan/needles.js';
import { playLatchkey } from '../servers.js';
import { readTree, type Tree, without } from '../trees.js';
import { pathOf } from '../vault.js';
import { Workspace } from '../workspace.js';
import type { Way } from './configuration.js';
import { Desktop } from './desktop.js';
import { processQueue, type QueueItem, type Report, requireFilezilla } from './filezilla.js';

// FileZilla has no batch mode, so it does not play the script: each of its runs is a queue that it finds at its start.

const LIMIT_MS = 15 * 60_000;
const MEBIBYTES = process.env.LATCHKEY_TEST_LONG === '1' ? 1024 : 64;
/** Of the file that is continued. */
const WHOLE = 3_000_001;
const HALF = 1_400_003;

const needles = new Needles();
let place: string;
let played: Awaited<ReturnType<typeof playLatchkey>>;
let local: Workspace;
let desktop: Desktop | undefined;
let top: string;
let truth: Tree;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-filezilla-'));
  for (const folder of ['server', 'local', 'client']) mkdirSync(path.join(place, folder));
  played = await playLatchkey(path.join(place, 'server'));
  local = new Workspace(path.join(place, 'local'), needles);
  top = await tree();
  truth = await readTree(top);
}, LIMIT_MS);

afterAll(async () => {
  await desktop?.close();
  await played?.stored.close();
  await played?.stop();
  rmSync(place, { recursive: true, force: true });
}, LIMIT_MS);

async function tree(): Promise<string> {
  const folder = local.folder();
  for (const below of ['inner folder', 'inner folder/tiefer ä', 'empty folder'])
    mkdirSync(path.join(folder, local.remember(below)));
  local.file('inner folder.txt', 70_000, 1_500_000_001, path.join(folder, 'inner folder'));
  local.file('日本語の名前.txt', 1, 1_234_567_890, path.join(folder, 'inner folder/tiefer ä'));
  local.file("quotes ' & signs #%+;=~.txt", 12, 981_173_106, folder);
  local.file('.begins-with-a-dot', 100, 1_234_567_891, folder);
  local.file('empty.bin', 0, 1_234_567_892, folder);
  local.file('replaced.bin', 200_000, 1_234_567_893, folder);
  local.file('continued.bin', WHOLE, 1_234_567_894, folder);
  const large = await local.large('large.bin', MEBIBYTES);
  copyFileSync(large.path, path.join(folder, 'large.bin'));
  return folder;
}

/** The queue that moves the whole tree. Folders are there for the one that is empty. */
function queueOf(direction: QueueItem['direction'], folder: string, remote: string): QueueItem[] {
  return Object.entries(truth).map(([below, item]) => ({
    direction,
    local: path.join(folder, below),
    remote: `${remote}/${below}`,
    size: item.kind === 'file' ? item.size : null,
    exists: below === 'continued.bin' ? 'resume' : 'overwrite',
  }));
}

async function filezilla(test: TestContext, way: Way, items: readonly QueueItem[]): Promise<Report> {
  const programs = requireFilezilla(test);
  desktop ??= await Desktop.open(programs);
  const scratch = path.join(place, 'client');
  return processQueue(programs, desktop, { target: played.target, way, scratch }, items);
}

/** Every file once, and of the one that was continued the rest alone. */
function expectTransfers({ transferred }: Report): void {
  const sizes = Object.entries(truth).flatMap(([below, item]) =>
    item.kind === 'file' ? [below === 'continued.bin' ? item.size - HALF : item.size] : [],
  );
  const ordered = (numbers: readonly number[]): number[] => [...numbers].sort((one, other) => one - other);
  expect(ordered(transferred)).toEqual(ordered(sizes));
}

const ways: Record<Way, { title: string; speaks: RegExp }> = {
  plain: { title: 'FTP', speaks: /Plain FTP is insecure/ },
  explicit: { title: 'explicit TLS', speaks: /Command: AUTH TLS/ },
  implicit: { title: 'implicit TLS', speaks: /initializing TLS/ },
  sftp: { title: 'SFTP', speaks: /fzSftp started/ },
};

describe.each(Object.entries(ways) as [Way, (typeof ways)[Way]][])('FileZilla over %s', (way, { speaks }) => {
  const remote = `/of-filezilla-over-${way}`;

  it('uploads a tree, replaces a file and continues another', { timeout: LIMIT_MS }, async (test) => {
    await played.prepare(`/${local.remember(remote.slice(1))}`);
    const { session } = played.stored;
    await session.write(pathOf(`${remote}/replaced.bin`), Buffer.alloc(300_000, 'old'));
    const whole = readFileSync(path.join(top, 'continued.bin'));
    await session.write(pathOf(`${remote}/continued.bin`), whole.subarray(0, HALF));
    const report = await filezilla(test, way, queueOf('upload', top, remote));
    expect(report.lines.join('\n')).toMatch(speaks);
    expectTransfers(report);
    // It looks before it makes a directory; fzsftp calls that an error.
    expect(report.errors.filter((line) => !/^Error: Directory .*no such file/.test(line))).toEqual([]);
    expect(without(await played.stored.tree(remote), 'mode')).toEqual(without(truth, 'mode'));
  });

  it('downloads a tree, replaces a file and continues another', { timeout: LIMIT_MS }, async (test) => {
    const into = local.folder();
    writeFileSync(path.join(into, 'replaced.bin'), Buffer.alloc(300_000, 'old'));
    const whole = readFileSync(path.join(top, 'continued.bin'));
    writeFileSync(path.join(into, 'continued.bin'), whole.subarray(0, HALF));
    const report = await filezilla(test, way, queueOf('download', into, remote));
    expectTransfers(report);
    expect(report.errors).toEqual([]);
    expect(without(await readTree(into), 'mode')).toEqual(without(truth, 'mode'));
  });
});

it('FileZilla reports a file that is not there', { timeout: LIMIT_MS }, async (test) => {
  const missing = path.join(local.folder(), 'never-uploaded.bin');
  const item = { direction: 'download', local: missing, size: 7, exists: 'overwrite' } as const;
  const report = await filezilla(test, 'explicit', [{ ...item, remote: '/never-uploaded.bin' }]);
  expect(report.transferred).toEqual([]);
  expect(report.errors).not.toEqual([]);
});

it('afterwards', { timeout: LIMIT_MS }, async (test) => {
  requireFilezilla(test);
  for (const { title, check } of played.checks(needles)) {
    await check().catch((cause: unknown) => {
      throw new Error(`${title}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    });
  }
});
