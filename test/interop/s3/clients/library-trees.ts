import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { planUpload } from '../../clients/local-tree.js';

/** Transfers at once of libraries, which leave that to the program. */
const AT_ONCE = 8;

/** What a library that knows single objects only has for whole trees. */
export interface ObjectCalls {
  put(local: string, at: string): Promise<void>;
  get(at: string, local: string): Promise<void>;
  keys(at: string): Promise<string[]>;
}

async function each<T>(items: readonly T[], use: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await use(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Trees, as a program would copy them with a library. */
export function treesOf({ put, get, keys }: ObjectCalls): {
  putTree(local: string, at: string): Promise<void>;
  getTree(at: string, local: string): Promise<void>;
} {
  return {
    putTree: (local, at) => each(planUpload(local, at).files, (pair) => put(pair.local, pair.remote)),
    getTree: async (at, local) => {
      mkdirSync(local);
      await each(await keys(at), async (key) => {
        const file = path.join(local, key);
        mkdirSync(path.dirname(file), { recursive: true });
        await get(`${at}/${key}`, file);
      });
    },
  };
}
