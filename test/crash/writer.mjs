// A program that writes to a vault until it is killed, and says on standard output what it begins and what it has
// been acknowledged. Its one argument is JSON.
import { nodeProvider } from '@latchkey/encryption/node';
import { seededRandom } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { libraryTarget } from './library-target.mjs';
import { work } from './load.mjs';

const { root, words, durability, seed, firstVersion, states } = JSON.parse(process.argv[2] ?? '');
const store = await FileStore.open({ root, durability });
const vault = await Vault.open({ store, provider: nodeProvider, words, graceSeconds: 1 });
// Standard output is a pipe, and writing to a pipe is synchronous: what was told has left the process.
const tell = (/** @type {unknown} */ event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
await Promise.all(
  states.map((/** @type {import('./load.mjs').State} */ state, /** @type {number} */ worker) =>
    work(
      libraryTarget(vault.session()),
      { worker, state, random: seededRandom(seed + worker), firstVersion },
      tell,
    ),
  ),
);
