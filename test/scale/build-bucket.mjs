// Makes a bucket of many objects through the library, in a directory of its own, and prints as JSON what opens its vault
// again and what memory that took. A process of its own, so that nothing of it counts as the server's. Run with
// --expose-gc. Its one argument is JSON: { root, objects, directories }; no directories: all lie in the bucket itself.

import { nodeProvider } from '@latchkey/encryption/node';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { flatName, SETTINGS, treeName } from './bucket.mjs';

const { root, objects, directories } = JSON.parse(process.argv[2] ?? '');
/** Changes in flight at once: they share commits. */
const BATCH = 480;
const CONTENT = Buffer.from('x');

const store = await FileStore.open({ root, create: true, durability: 'relaxed' });
const kdf = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };
const made = await Vault.create({ store, provider: nodeProvider, passphrase: 'as many as there are', kdf });
const words = await made.addRecovery();
await made.close();
const vault = await Vault.open({ store, provider: nodeProvider, words, ...SETTINGS });
const session = vault.session();

/** What the process holds when nothing is going on, in bytes. @type {number[]} */
const memory = [];
let written = 0;

/** Writes the files of one directory, one batch after the other. @param {string[]} path @param {number} count @param {(index: number) => string} name */
async function fill(path, count, name) {
  for (let at = 0; at < count; at += BATCH) {
    const size = Math.min(BATCH, count - at);
    await Promise.all(
      Array.from({ length: size }, (_, index) => session.write([...path, name(at + index)], CONTENT)),
    );
    written += size;
    while (memory.length < Math.floor((10 * written) / objects)) memory.push(held());
  }
}

function held() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

await session.mkdir(['bucket']);
await fill(['bucket'], directories === 0 ? objects : objects / 2, flatName);
if (directories > 0) await session.mkdir(['bucket', 'tree']);
for (let index = 0; index < directories; index++) {
  const path = ['bucket', 'tree', treeName(index)];
  await session.mkdir(path);
  await fill(path, objects / 2 / directories, flatName);
}
await vault.close();
await store.close();
process.stdout.write(`${JSON.stringify({ words, memory })}\n`);
