// Raises a counter `steps` times against other processes: contender.mjs ROOT NAME STEPS DURABILITY PUBLICATION
// The value tells how far each contender came, as the operation ids in a head do, so that an unknown outcome can
// be resolved by reading. Begins when something comes on standard input.
import { once } from 'node:events';
import { isStoreError, storeKey } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';

const [root, name, steps, durability, publication] = process.argv.slice(2);
const store = await FileStore.open({ root, durability, publication, reserveBytes: 0 });
const key = storeKey('h/counter');
// All begin at once, or the first would be done before the last has started.
console.log('ready');
await once(process.stdin, 'data');
process.stdin.destroy();
let done = 0;
let last = 0;
let acknowledged = 0;
while (done < Number(steps)) {
  const state = await store.readRegister(key);
  if (state.status !== 'value') throw new Error(`the counter is ${state.status}`);
  const value = JSON.parse(new TextDecoder().decode(state.bytes));
  if (value.total < last) throw new Error(`the counter went back from ${last} to ${value.total}`);
  last = value.total;
  done = value.by[name] ?? 0;
  if (done < acknowledged) throw new Error(`step ${acknowledged} was acknowledged and is lost`);
  if (done === Number(steps)) break;
  const next = {
    total: value.total + 1,
    by: { ...value.by, [name]: done + 1 },
    ballast: 'x'.repeat(last * 37),
  };
  try {
    await store.swapRegister(key, state.etag, new TextEncoder().encode(JSON.stringify(next)));
    acknowledged = done + 1;
  } catch (error) {
    if (!isStoreError(error, 'conflict') && !isStoreError(error, 'unavailable')) throw error;
  }
}
await store.close();
