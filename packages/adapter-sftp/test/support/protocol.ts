import { afterAll, beforeAll, beforeEach } from 'vitest';
import { PACKET } from '../../src/codec/constants.js';
import type { PacketWriter } from '../../src/codec/writer.js';
import { type Fixture, startFixture } from './fixture.js';
import { attributesOf, RawClient, statusOfAnswer } from './raw-client.js';

// Importing this gives a test file a server, and each of its tests an empty vault and a client of its own.

export let fixture: Fixture;
export let client: RawClient;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  for await (const entry of fixture.vault.entries([]))
    await fixture.vault.remove([entry.name], { recursive: true });
  client?.end();
  client = await RawClient.open(fixture);
});

export const path =
  (text: string) =>
  (writer: PacketWriter): void => {
    writer.text(text);
  };

export async function content(name: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of fixture.vault.read([name])) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

export async function attributes(type: number, text: string): Promise<ReturnType<typeof attributesOf>> {
  const answer = await client.request(type, path(text));
  if (answer.type !== PACKET.ATTRS) throw new Error(`status ${statusOfAnswer(answer).code}`);
  return attributesOf(answer.body);
}
