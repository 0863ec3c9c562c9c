// Writes until it is killed: victim.mjs ROOT FIRST DURABILITY. Puts a blob, then swaps a register that names it, then
// prints the number: from there on both are acknowledged. A blob begins with the SHA-256 of the rest.
import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { storeKey } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';

const [root, first, durability] = process.argv.slice(2);
const store = await FileStore.open({ root, durability, reserveBytes: 0 });
const key = storeKey('h/progress');
for (let number = Number(first); ; number += 1) {
  const size = number % 4 === 0 ? 3_000_000 : 20_000;
  const content = randomBytes(size);
  const hash = createHash('sha256').update(content).digest();
  const stream = async function* () {
    yield hash;
    for (let at = 0; at < size; at += 100_000) yield content.subarray(at, at + 100_000);
  };
  const body = number % 2 === 0 ? stream() : Buffer.concat([hash, content]);
  await store.putBlob(storeKey(`b/s/${String(number % 10)}0/blob-${number}`), body);
  const state = await store.readRegister(key);
  const value = Buffer.alloc(1000 + number, String(number).padStart(8, '0'));
  await store.swapRegister(key, state.status === 'value' ? state.etag : null, value);
  writeSync(1, `${number}\n`);
}
