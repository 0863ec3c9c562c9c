// Lists the bucket that build-bucket.mjs has made through S3, and prints as JSON what that costs: calls and bytes of the
// store, counted, and the memory of the process, which is that of the server and of a client that keeps one page. Run with
// --expose-gc. Its one argument is JSON: { root, words, objects, directories }.

import { S3Server } from '@latchkey/adapter-s3';
import { nodeProvider } from '@latchkey/encryption/node';
import { MeteredStore } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { Vault } from '@latchkey/vault';
import { requestOf } from '../bench/web-requests.mjs';
import { flatName, SETTINGS, treeName } from './bucket.mjs';

const { root, words, objects, directories } = JSON.parse(process.argv[2] ?? '');
const ACCESS = { id: 'OWNER', secret: 'aSecretOfSomeLength', region: 'us-east-1' };

const store = new MeteredStore(await FileStore.open({ root }));

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

const middle = flatName(Math.floor((directories === 0 ? objects : objects / 2) / 2));
const costs = {
  first: await cost({}),
  middle: await cost({ 'start-after': middle }),
  rolledUp: await cost({ delimiter: '/', 'start-after': middle }),
  // All keys of the bucket itself are one common prefix.
  together: await cost({ delimiter: '-', prefix: 'flat' }),
  ...(directories === 0
    ? {}
    : {
        deep: await cost({ 'start-after': `tree/${treeName(Math.floor(directories / 2))}/` }),
        prefixes: await cost({ delimiter: '/', prefix: 'tree/' }),
      }),
};
const listing = await listAll();
await store.close();
process.stdout.write(`${JSON.stringify({ costs, listing })}\n`);
