import { afterAll, beforeAll, beforeEach } from 'vitest';
import { content, type Fixture, startFixture } from './fixture.js';
import type { RawClient } from './raw-client.js';

/** One server for all tests of a file: each finds its vault empty and a client that has logged in. */
export interface Shared {
  readonly fixture: Fixture;
  readonly client: RawClient;
  /** The content of a file in the vault. */
  text(...path: string[]): Promise<string>;
}

export function shareFixture(): Shared {
  let fixture: Fixture;
  let client: RawClient | undefined;
  beforeAll(async () => {
    fixture = await startFixture({ limits: { connections: 500, connectionsPerAddress: 500 } });
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    for await (const entry of fixture.vault.entries([]))
      await fixture.vault.remove([entry.name], { recursive: true });
    client?.destroy();
    client = await fixture.logIn();
  });
  return {
    get fixture() {
      return fixture;
    },
    get client() {
      if (client === undefined) throw new Error('there is a client within tests only');
      return client;
    },
    text: async (...path) => (await content(fixture.vault, ...path)).toString(),
  };
}
