import { mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { S3Place } from '../client.js';
import { NAMES } from '../script/names.js';
import type { Amount } from '../script/step.js';
import { type Observer, readItem, readTree, type Tree } from '../trees.js';
import type { Workspace } from '../workspace.js';
import type { Connected, S3Client } from './client.js';

export interface S3Stage<C extends Connected = S3Client> {
  readonly client: C;
  readonly server: S3Place;
  readonly local: Workspace;
  /** What is stored in truth. */
  readonly stored: Observer;
  /** A bucket of this step's own, with a slash before it. */
  readonly bucket: string;
  readonly amount: Amount;
}

/** One operation, with what must be there afterwards. */
export interface S3Step<C extends Connected = S3Client> {
  /** Stable: deviations name it, and it is part of a bucket's name. */
  readonly id: string;
  readonly title: string;
  /** The methods that a client must have; without one it needs a deviation. */
  readonly needs?: readonly (keyof S3Client)[];
  run(stage: S3Stage<C>): Promise<void>;
}

/** What S3 has of a tree: neither directories nor times nor modes. */
export function objectsOf(tree: Tree): Record<string, { readonly size: number; readonly sha256: string }> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([name, item]) =>
      item.kind === 'file' ? [[name, { size: item.size, sha256: item.sha256 }]] : [],
    ),
  );
}

/** Uploads a folder, downloads it again and compares all three. */
export async function roundTripOfTree(
  { client, local, stored }: S3Stage,
  folder: string,
  at: string,
): Promise<void> {
  await client.putTree(folder, at);
  const truth = objectsOf(await readTree(folder));
  expect(objectsOf(await stored.tree(at))).toEqual(truth);
  if (client.keys) expect((await client.keys(at)).sort()).toEqual(Object.keys(truth).sort());
  const back = local.fresh();
  await client.getTree(at, back);
  expect(objectsOf(await readTree(back))).toEqual(truth);
}

const SIZES: readonly number[] = [0, 1, 1024, 1025, 65_535, 65_536, 65_537, 1_048_577];

/** What every client that copies files goes through. */
export const S3_SCRIPT: readonly S3Step[] = [
  {
    id: 'trees',
    title:
      'files of every edge size, with odd names, 60 levels down and many beside each other go up, are listed and come down',
    run: async (stage) => {
      const { local, client, amount } = stage;
      const folder = local.folder();
      const below = (name: string): string => {
        const made = path.join(folder, local.remember(name));
        mkdirSync(made);
        return made;
      };
      const sized = below('of-every-size');
      for (const size of SIZES) local.file(`sized-object-${size}.bin`, size, undefined, sized);
      const odd = below('odd-names');
      for (const name of Object.values(NAMES))
        if (client.cannotName?.(name) !== true) local.file(name, 50, undefined, odd);
      let deep = below('deep-keys');
      for (let level = 1; level <= 60; level += 1) {
        deep = path.join(deep, `deep-level-${level}`);
        mkdirSync(deep);
        if (level % 20 === 0) local.file('deep-object.txt', 10 + level, undefined, deep);
      }
      local.remember('deep-level-');
      const crowd = below('crowded');
      for (let number = 0; number < amount.files; number += 1)
        local.file(`object-of-a-crowd-${number}.txt`, number % 3000, undefined, crowd);
      await roundTripOfTree(stage, folder, `${stage.bucket}/${local.remember('all-of-it')}`);
    },
  },
  {
    id: 'overwrite',
    title: 'an upload replaces the object of that key, shorter or longer',
    run: async ({ client, local, stored, bucket }) => {
      for (const size of [200_000, 10]) {
        const sent = local.file('overwritten-object.bin', size);
        await client.put(sent.path, `${bucket}/overwritten-object.bin`);
        expect(objectsOf(await stored.tree(bucket))).toEqual({
          'overwritten-object.bin': objectsOf({ it: await readItem(sent.path) }).it,
        });
      }
    },
  },
  {
    id: 'large',
    title: 'a large file goes up, in parts where the client makes them, and comes down',
    run: async ({ client, local, stored, bucket, amount }) => {
      const sent = await local.large('large-object.bin', amount.mebibytes);
      await client.put(sent.path, `${bucket}/large-object.bin`);
      truncateSync(sent.path);
      expect(await stored.item(`${bucket}/large-object.bin`)).toMatchObject({
        size: sent.size,
        sha256: sent.sha256,
      });
      const back = local.fresh();
      await client.get(`${bucket}/large-object.bin`, back);
      expect(await readItem(back)).toMatchObject({ size: sent.size, sha256: sent.sha256 });
      truncateSync(back);
    },
  },
  {
    id: 'ranges',
    title: 'any range is read',
    needs: ['range'],
    run: async ({ client, local, bucket }) => {
      const sent = local.file('read-in-ranges.bin', 300_000);
      await client.put(sent.path, `${bucket}/read-in-ranges.bin`);
      const truth = readFileSync(sent.path);
      for (const [first, last] of [
        [65_535, 196_607],
        [299_999, 299_999],
      ] as const) {
        const piece = await client.range?.(`${bucket}/read-in-ranges.bin`, first, last);
        expect(piece?.equals(truth.subarray(first, last + 1))).toBe(true);
      }
    },
  },
  {
    id: 'copy',
    title: 'an object is copied on the server, and renamed by a copy and a removal',
    needs: ['copy', 'move'],
    run: async ({ client, local, stored, bucket }) => {
      const sent = local.file('copied-object.bin', 150_000);
      const { it } = objectsOf({ it: await readItem(sent.path) });
      await client.put(sent.path, `${bucket}/copied-object.bin`);
      await client.copy?.(`${bucket}/copied-object.bin`, `${bucket}/${local.remember('copies')}/copy.bin`);
      expect(objectsOf(await stored.tree(bucket))).toEqual({
        'copied-object.bin': it,
        'copies/copy.bin': it,
      });
      await client.move?.(`${bucket}/copies/copy.bin`, `${bucket}/moved/there.bin`);
      expect(objectsOf(await stored.tree(bucket))).toEqual({
        'copied-object.bin': it,
        'moved/there.bin': it,
      });
    },
  },
  {
    id: 'remove',
    title: 'objects are removed, alone and with all below; what is not there is a failure to get',
    run: async ({ client, local, stored, bucket }) => {
      const folder = local.folder();
      for (const name of ['removed-object.txt', 'staying-object.txt'])
        local.file(name, 2000, undefined, folder);
      await client.putTree(folder, `${bucket}/tree`);
      await client.remove(`${bucket}/tree/removed-object.txt`);
      expect(Object.keys(objectsOf(await stored.tree(bucket)))).toEqual(['tree/staying-object.txt']);
      await expect(client.get(`${bucket}/tree/removed-object.txt`, local.fresh())).rejects.toThrow();
      await client.removeTree(`${bucket}/tree`);
      expect(objectsOf(await stored.tree(bucket))).toEqual({});
    },
  },
  {
    id: 'sign-in',
    title: 'another secret than the right one is not let in',
    run: async ({ client, server }) => {
      await expect(client.signIn(`${server.secret.slice(1)}x`)).rejects.toThrow(
        /SignatureDoesNotMatch|signature|403|Forbidden/i,
      );
    },
  },
];

/** For clients that can be ended in the middle of a transfer. */
export const INTERRUPTED: S3Step<S3Client & Required<Pick<S3Client, 'interruptedPut'>>> = {
  id: 'interrupted',
  title: 'an upload that is ended in the middle leaves the old object',
  run: async ({ client, local, stored, bucket }) => {
    const old = local.file('interrupted-object.bin', 5000);
    await client.put(old.path, `${bucket}/interrupted-object.bin`);
    const larger = await local.large('never-arrives.bin', 48);
    await client.interruptedPut(larger.path, `${bucket}/interrupted-object.bin`);
    truncateSync(larger.path);
    expect(objectsOf(await stored.tree(bucket))).toEqual({
      'interrupted-object.bin': objectsOf({ it: await readItem(old.path) }).it,
    });
  },
};
