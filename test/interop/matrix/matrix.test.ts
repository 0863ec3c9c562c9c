import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { PASSPHRASE, startLatchkey } from '../../servers/latchkey.mjs';
import type { Seen } from '../client.js';
import { Needles } from '../scan/needles.js';
import { pathOf, VaultObserver } from '../vault.js';
import { Workspace } from '../workspace.js';
import type { Actor } from './actor.js';
import { ACTORS, enterActors } from './actors.js';

// A file written through each protocol, seen through every other. One server and one vault, and a library of our own
// beside them: what one way in has written the others have to notice.

const MODIFIED = 1_234_567_890;
const SIZE = 300_007;
const BEGINNING = 130_000;

let place: string;
let server: Awaited<ReturnType<typeof startLatchkey>>;
let library: VaultObserver;
let local: Workspace;
let actors: readonly Actor[] | undefined;

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'latchkey-matrix-'));
  for (const folder of ['server', 'client', 'local']) mkdirSync(path.join(place, folder));
  server = await startLatchkey(path.join(place, 'server'), { ftp: { tls: 'allow', implicit: true } });
  library = await VaultObserver.open(server.storage, PASSPHRASE);
  local = new Workspace(path.join(place, 'local'), new Needles());
});

afterAll(async () => {
  for (const actor of actors ?? []) await actor.close();
  await library?.close();
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

function actorNamed(test: TestContext, name: string): Actor {
  const scratch = path.join(place, 'client');
  actors ??= enterActors(test, { target: server, env: server.env, library, scratch });
  const actor = actors.find((one) => one.name === name);
  if (actor === undefined) throw new Error(`no actor ${name}`);
  return actor;
}

/** Size and time as the library has them. */
async function asStored(remote: string): Promise<Seen> {
  const { size, modified } = await library.session.stat(pathOf(remote));
  return { size, modified: modified.seconds };
}

let stages = 0;

/** A directory of this pair's own. */
async function stage(): Promise<string> {
  stages += 1;
  await library.session.mkdir([`stage-${stages}`]);
  return `/stage-${stages}`;
}

describe.each(ACTORS)('written through %s', (writing) => {
  const others = ACTORS.filter((name) => name !== writing);

  it.for(others)('a file is read, listed, hashed, renamed and resumed through %s', async (reading, test) => {
    const [writer, reader] = [actorNamed(test, writing), actorNamed(test, reading)];
    const remote = await stage();
    const sent = local.file('written-here.txt', SIZE, MODIFIED);
    const bytes = readFileSync(sent.path);

    await writer.put(sent.path, `${remote}/written.txt`);
    expect(await reader.names(remote)).toEqual(['written.txt']);
    const truth = await asStored(`${remote}/written.txt`);
    expect(truth).toEqual({ size: SIZE, modified: writer.noTimes ? expect.any(Number) : MODIFIED });
    expect(await reader.see(`${remote}/written.txt`)).toEqual(truth);
    expect(await reader.sha256(`${remote}/written.txt`)).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    );
    const back = local.fresh();
    await reader.get(`${remote}/written.txt`, back);
    expect(readFileSync(back).equals(bytes)).toBe(true);

    await reader.rename(`${remote}/written.txt`, `${remote}/renamed.txt`);
    expect(await writer.names(remote)).toEqual(['renamed.txt']);
    const renamed = reader.noTimes ? await asStored(`${remote}/renamed.txt`) : truth;
    expect(await writer.see(`${remote}/renamed.txt`)).toEqual(renamed);

    if (reader.resumeGet) {
      const part = await local.beginning(sent.path, BEGINNING);
      await reader.resumeGet(`${remote}/renamed.txt`, part);
      expect(readFileSync(part).equals(bytes)).toBe(true);
    }
    if (reader.resumePut) {
      await writer.put(await local.beginning(sent.path, BEGINNING), `${remote}/renamed.txt`);
      await reader.resumePut(sent.path, `${remote}/renamed.txt`);
      expect(await writer.see(`${remote}/renamed.txt`)).toEqual({ size: SIZE, modified: MODIFIED });
      const again = local.fresh();
      await writer.get(`${remote}/renamed.txt`, again);
      expect(readFileSync(again).equals(bytes)).toBe(true);
    }
  });
});
