// Makes a vault of many small records through the library, in a directory of its own, and prints as JSON what the
// usual operations cost there: calls and bytes of the store, counted, and the memory of the process. Run with
// --expose-gc. Its one argument is JSON: { root, records }.
import { nodeProvider } from '@latchkey/encryption/node';
import { MeteredStore, ObservedStore } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';

const { root, records } = JSON.parse(process.argv[2] ?? '');
const PASSPHRASE = 'as many as there are';
const SETTINGS = { cacheBytes: 8 * 1024 * 1024, transferBytes: 8 * 1024 * 1024, graceSeconds: 1 };
/** Changes in flight at once: they share commits. */
const BATCH = 400;
/** Operations over which the cost of folding changes into pages is spread. */
const SPREAD = 512;

let commits = 0;
const directory = await FileStore.open({ root, create: true, durability: 'relaxed' });
const watched = new ObservedStore(directory, ({ method, subject }) => {
  if (method === 'swapRegister' && subject.startsWith('h/')) commits += 1;
});
const store = new MeteredStore(watched);
const made = await Vault.create({
  store,
  provider: nodeProvider,
  passphrase: PASSPHRASE,
  kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 1 },
});
const words = await made.addRecovery();
await made.close();
const open = () => Vault.open({ store, provider: nodeProvider, words, ...SETTINGS });

/** Names in the order in which a camera or a program that counts gives them. @param {number} index */
const name = (index) => `record-${String(index).padStart(8, '0')}`;
/** A record somewhere, for single operations all over the directory. @param {number} index */
const somewhere = (index) => name((index * 7919) % Math.max(records, 1));

function memory() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let peak = 0;
const watch = () => {
  peak = Math.max(peak, memory());
};

/** Waits until what goes on in the background, folds and sweeps, has come to rest. */
async function rest() {
  for (let calls = -1; calls !== store.calls; ) {
    calls = store.calls;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Calls and bytes of the store before `work` is acknowledged, by method. @param {() => Promise<unknown>} work */
async function cost(work) {
  await rest();
  store.reset();
  await work();
  const entries = Object.entries(store.reset()).filter(([, { calls }]) => calls > 0);
  return Object.fromEntries(entries.map(([method, { calls, bytes }]) => [method, { calls, bytes }]));
}

/** The same, by a program that has just been started. @param {(session: import('@latchkey/vault').VaultSession) => Promise<unknown>} work */
async function coldCost(work) {
  const vault = await open();
  const session = vault.session();
  const result = await cost(() => work(session));
  await rest();
  await vault.close();
  return result;
}

async function build() {
  const vault = await open();
  const session = vault.session();
  await session.mkdir(['many']);
  const swapsBefore = store.counts.swapRegister.calls;
  for (let at = 0; at < records; at += BATCH) {
    const size = Math.min(BATCH, records - at);
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        session.write(['many', name(at + index)], Buffer.from(`record ${at + index}`)),
      ),
    );
    if ((at / BATCH) % 25 === 0) watch();
  }
  const swaps = store.counts.swapRegister.calls - swapsBefore;
  await vault.close();
  return { swaps };
}

const atStart = memory();
const building = await build();
const someName = name(Math.floor(records / 2));
const costs = {
  open: await cost(async () => (await open()).close()),
  stat: await coldCost((session) => session.stat(['many', someName]).catch(() => undefined)),
  miss: await coldCost((session) => session.stat(['many', 'nothing of that name']).catch(() => undefined)),
  list: await coldCost((session) => session.list(['many'], { limit: 100 })),
  listMiddle: await coldCost((session) => session.list(['many'], { after: someName, limit: 100 })),
  read: await coldCost(async (session) => {
    for await (const _ of session.read(['many', someName]));
  }).catch(() => ({})),
  write: await coldCost((session) => session.write(['many', 'written'], Buffer.from('new'))),
  rename: await coldCost((session) => session.rename(['many', 'written'], ['many', 'renamed'])),
  remove: await coldCost((session) => session.remove(['many', 'renamed'])),
};

/** The whole bill of many single writes, each a commit, at names all over the directory. */
const vault = await open();
const session = vault.session();
commits = 0;
const manyWrites = await cost(async () => {
  for (let index = 0; index < SPREAD; index++) {
    await session.write(['many', `${somewhere(index)}-late-${index}`], Buffer.from('late'));
  }
  // The folds belong to this bill.
  await rest();
});
const manyCommits = commits;
watch();
let listed = 0;
for await (const entry of session.entries(['many'])) {
  listed += entry.kind === 'file' ? 1 : 0;
  if (listed % 20_000 === 0) watch();
}
watch();
await vault.close();
await store.close();
process.stdout.write(
  `${JSON.stringify({ building, costs, manyWrites, manyCommits, spread: SPREAD, listed, memory: { atStart, peak } })}\n`,
);
