// Makes a bucket of many objects through the library, in a directory of its own, lists it through S3, and prints as JSON what
// that costs: calls and bytes of the store, counted, and the memory of the process, which is that of the server and of a
// client that keeps one page. Run with --expose-gc. Its one argument is JSON: { root, objects, directories }.

import { S3Server } from '@latchkey/adapter-s3';
import { nodeProvider } from '@latchkey/encryption/node';
import { MeteredStore } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { requestOf } from '../bench/web-requests.mjs';

const { root, objects, directories } = JSON.parse(process.argv[2] ?? '');
const ACCESS = { id: 'OWNER', secret: 'aSecretOfSomeLength', region: 'us-east-1' };
const SETTINGS = { cacheBytes: 8 * 1024 * 1024, transferBytes: 8 * 1024 * 1024 };
/** Changes in flight at once: they share commits. */
const BATCH = 400;

const store = new MeteredStore(await FileStore.open({ root, create: true, durability: 'relaxed' }));
const made = await Vault.create({
  store,
  provider: nodeProvider,
  passphrase: 'as many as there are',
  kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 1 },
});
const words = await made.addRecovery();
await made.close();

const number = (/** @type {number} */ value, /** @type {number} */ width) =>
  String(value).padStart(width, '0');
/** Half of them lie in the bucket itself, the others evenly in the directories. @param {number} index */
function place(index) {
  if (index % 2 === 0) return ['bucket', `flat-${number(index, 8)}`];
  return ['bucket', 'tree', number(((index - 1) / 2) % directories, 4), number(index, 8)];
}

async function build() {
  const vault = await Vault.open({ store, provider: nodeProvider, words, ...SETTINGS });
  const session = vault.session();
  for (let index = 0; index < directories; index++)
    await session.mkdir(['bucket', 'tree', number(index, 4)], { recursive: true });
  for (let at = 0; at < objects; at += BATCH) {
    const size = Math.min(BATCH, objects - at);
    await Promise.all(
      Array.from({ length: size }, (_, index) => session.write(place(at + index), Buffer.from('x'))),
    );
  }
  await vault.close();
}

/** A server that has just been started. @template T @param {(list: typeof page) => Promise<T>} work */
async function served(work) {
  const vault = await Vault.open({ store, provider: nodeProvider, words, ...SETTINGS });
  const session = vault.session();
  const credential = { user: 'owner', secretAccessKey: ACCESS.secret, session };
  const server = await S3Server.listen({
    credentials: { find: async (id) => (id === ACCESS.id ? credential : undefined) },
    throttle: { begin: () => 0, banned: () => false },
  });
  url = `http://127.0.0.1:${server.address.port}`;
  try {
    return await work(page);
  } finally {
    await server.close();
    await vault.close();
  }
}

let url = '';

/** One page, and what the store was asked for it. @param {Record<string, string>} query */
async function page(query) {
  const wanted = { method: 'GET', key: 'bucket', query: { 'list-type': '2', ...query } };
  const { target, headers } = requestOf({ kind: 's3', url, ...ACCESS }, wanted);
  store.reset();
  const answer = await fetch(url + target, { headers });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  const counts = Object.entries(store.reset());
  return {
    keys: [...text.matchAll(/<Key>([^<]*)</g)].map((match) => match[1] ?? ''),
    prefixes: text.match(/<CommonPrefixes>/g)?.length ?? 0,
    next: /<NextContinuationToken>([^<]*)</.exec(text)?.[1],
    calls: counts.reduce((sum, [, { calls }]) => sum + calls, 0),
    bytes: counts.reduce((sum, [, { bytes }]) => sum + bytes, 0),
  };
}

function memory() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The second page of its kind: the first pays for opening the vault's root and the bucket. @param {Record<string, string>} query */
function cost(query) {
  return served(async (list) => {
    await list({ 'max-keys': '1' });
    const { keys, prefixes, calls, bytes } = await list(query);
    return { keys: keys.length, prefixes, calls, bytes };
  });
}

/** Every page after the other. */
function listAll() {
  return served(async (list) => {
    const result = {
      keys: 0,
      pages: 0,
      ordered: true,
      mostCalls: 0,
      mostBytes: 0,
      memory: [memory()],
    };
    let last = Buffer.alloc(0);
    for (let token = ''; ; ) {
      const { keys, next, calls, bytes } = await list(token === '' ? {} : { 'continuation-token': token });
      for (const key of keys.map((one) => Buffer.from(one))) {
        result.ordered &&= Buffer.compare(last, key) < 0;
        last = key;
      }
      result.keys += keys.length;
      result.pages += 1;
      result.mostCalls = Math.max(result.mostCalls, calls);
      result.mostBytes = Math.max(result.mostBytes, bytes);
      result.memory.push(memory());
      if (next === undefined) return result;
      token = next;
    }
  });
}

await build();
const middle = `flat-${number(Math.floor(objects / 4) * 2, 8)}`;
const costs = {
  first: await cost({}),
  middle: await cost({ 'start-after': middle }),
  deep: await cost({ 'start-after': `tree/${number(Math.floor(directories / 2), 4)}/` }),
  rolledUp: await cost({ delimiter: '/', 'start-after': middle }),
  prefixes: await cost({ delimiter: '/', prefix: 'tree/' }),
};
const listing = await listAll();
await store.close();
process.stdout.write(`${JSON.stringify({ costs, listing })}\n`);
