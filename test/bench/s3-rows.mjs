// The rows of S3. WebDAV takes part where it has something of the kind.
import { rmSync } from 'node:fs';
import { curl, file, listNames, loaded, make, putMany, putParts, remove, sent } from './s3-work.mjs';
import { timed } from './timed.mjs';

/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('./rows.mjs').Contender} Contender */

const BUCKET = 'bench';
const LISTED = 'bench-listed';
const LARGE = `${BUCKET}/large.dat`;
const MANY_BYTES = 4096;
const RANGE_BYTES = 64 * 1024;
const MIB = 1024 * 1024;
const CONNECTIONS = [8, 64];

/** The directory that the last round of a row has filled, by server and row. */
const filled = new Map();

/** Fills the bucket that is listed, the way clients would. @param {Contender} contender @param {import('./rows.mjs').Sizes} sizes */
async function fillListed({ server }, { entries }) {
  await make(server.web, LISTED);
  await putMany(server.web, LISTED, entries, 16, 64);
}

/** @type {Row[]} */
const LARGE_ROWS = [
  {
    id: 's3-put',
    title: ({ mebibytes }) => `PUT ${mebibytes} MiB (curl)`,
    unit: 'MiB/s',
    protocol: 'web',
    input: 'large',
    measure: async ({ server: { web } }, { large, sizes: { mebibytes } }) => {
      await make(web, BUCKET);
      await remove(web, LARGE);
      const wanted = { method: 'PUT', key: LARGE, headers: { 'content-type': 'application/octet-stream' } };
      return mebibytes / (await timed(() => curl(web, wanted, ['-T', large])));
    },
  },
  {
    id: 's3-get',
    title: ({ mebibytes }) => `GET ${mebibytes} MiB (curl)`,
    unit: 'MiB/s',
    protocol: 'web',
    needs: ['s3-put'],
    measure: async ({ server: { web } }, { scratch, sizes: { mebibytes } }) => {
      const seconds = await timed(() =>
        curl(web, { method: 'GET', key: LARGE }, ['-o', `${scratch}/large.dat`]),
      );
      rmSync(`${scratch}/large.dat`);
      return mebibytes / seconds;
    },
  },
  {
    id: 's3-range',
    title: () => `GET of 64 KiB anywhere in it, 8 clients`,
    unit: 'ranges/s',
    protocol: 'web',
    needs: ['s3-put'],
    measure: async ({ server: { web } }, { sizes: { mebibytes, files } }) => {
      const blocks = (mebibytes * MIB) / RANGE_BYTES;
      const requests = Array.from({ length: files }, (_, index) => {
        // Blocks that lie far from each other, each of them once before any twice.
        const from = ((index * 7919) % blocks) * RANGE_BYTES;
        return sent(web, {
          method: 'GET',
          key: LARGE,
          headers: { range: `bytes=${from}-${from + RANGE_BYTES - 1}` },
        });
      });
      const seconds = await timed(() =>
        loaded(web, 8, (load) =>
          load.all(
            files,
            (index) => /** @type {any} */ (requests[index]),
            ({ bytes }) => {
              if (bytes !== RANGE_BYTES) throw new Error(`${bytes} bytes came of a range`);
            },
          ),
        ),
      );
      return files / seconds;
    },
  },
  {
    id: 's3-multi',
    title: ({ mebibytes }) => `upload ${mebibytes} MiB in parts of 8 MiB, four at once`,
    unit: 'MiB/s',
    protocol: 's3',
    input: 'large',
    measure: async ({ server: { web } }, { large, sizes: { mebibytes } }) => {
      await make(web, BUCKET);
      await remove(web, LARGE);
      return mebibytes / (await timed(() => putParts(web, LARGE, large, mebibytes)));
    },
  },
];

/** @param {number} connections @returns {Row[]} */
function manyRows(connections) {
  const up = `s3-up${connections}`;
  return [
    {
      id: up,
      title: ({ files }) => `PUT ${files} objects of 4 KiB, ${connections} clients`,
      unit: 'objects/s',
      protocol: 'web',
      measure: async ({ name, server: { web } }, { sizes: { files } }) => {
        await make(web, BUCKET);
        const turn = (filled.get(`${name} ${up}`) ?? 0) + 1;
        filled.set(`${name} ${up}`, turn);
        const folder = `${BUCKET}/many-${connections}-${turn}`;
        if (web.kind === 'webdav') await make(web, folder);
        // rclone over S3 fails when several clients make the directory behind a prefix at once.
        await putMany(web, folder, 1, MANY_BYTES, 1);
        return files / (await putMany(web, folder, files, MANY_BYTES, connections));
      },
    },
    ...[
      { id: `s3-down${connections}`, method: 'GET', bytes: MANY_BYTES },
      { id: `s3-head${connections}`, method: 'HEAD', bytes: 0 },
    ].map(({ id, method, bytes: expected }) => ({
      id,
      title: (/** @type {import('./rows.mjs').Sizes} */ { files }) =>
        `${method} ${files} objects of 4 KiB, ${connections} clients`,
      unit: 'objects/s',
      protocol: /** @type {const} */ ('web'),
      needs: [up],
      measure: async (
        /** @type {Contender} */ { name, server: { web } },
        /** @type {import('./rows.mjs').Inputs} */ { sizes: { files } },
      ) => {
        const folder = `${BUCKET}/many-${connections}-${filled.get(`${name} ${up}`)}`;
        const requests = Array.from({ length: files }, (_, index) =>
          sent(web, { method, key: `${folder}/${file(index)}` }),
        );
        const seconds = await timed(() =>
          loaded(web, connections, (load) =>
            load.all(
              files,
              (index) => /** @type {any} */ (requests[index]),
              ({ bytes }) => {
                if (bytes !== expected) throw new Error(`${bytes} bytes came of an object`);
              },
            ),
          ),
        );
        return files / seconds;
      },
    })),
  ];
}

/** @type {Row} */
const LIST_ROW = {
  id: 's3-list',
  title: ({ entries }) => `list ${entries} objects, in pages of 1,000 where there are pages`,
  unit: 'names/s',
  protocol: 'web',
  fill: fillListed,
  measure: async ({ server: { web } }, { sizes: { entries } }) => {
    let [names, whole] = [0, false];
    const seconds = await timed(async () => {
      ({ names, whole } = await listNames(web, LISTED));
    });
    if (whole && names !== entries) throw new Error(`${names} names listed instead of ${entries}`);
    return names / seconds;
  },
};

export const S3_ROWS = [...LARGE_ROWS, ...CONNECTIONS.flatMap(manyRows), LIST_ROW];
