// The rows of S3. WebDAV takes part where it has something of the kind: the same requests but for their proof.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';
import { timed } from './timed.mjs';
import { Load } from './web-load.mjs';
import { headOf, requestOf } from './web-requests.mjs';

/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('./web-requests.mjs').Web} Web */
/** @typedef {import('./rows.mjs').Contender} Contender */

const BUCKET = 'bench';
const LISTED = 'bench-listed';
const LARGE = `${BUCKET}/large.dat`;
const MANY_BYTES = 4096;
const PART_MIB = 8;
const PARTS_AT_ONCE = 4;
const RANGE_BYTES = 64 * 1024;
const MIB = 1024 * 1024;
const LONGEST_LISTING_MS = 60_000;
const CONNECTIONS = [8, 64];

const file = (/** @type {number} */ index) => `file-${String(index).padStart(6, '0')}.dat`;

/** @template T @param {Web} web @param {number} connections @param {(load: Load) => Promise<T>} work */
async function loaded(web, connections, work) {
  const load = new Load(web.url, connections);
  try {
    return await work(load);
  } finally {
    load.close();
  }
}

/** @param {Web} web @param {import('./web-requests.mjs').Wanted} wanted @param {Buffer} [body] */
function sent(web, wanted, body) {
  return { method: wanted.method, head: headOf(web, wanted), ...(body === undefined ? {} : { body }) };
}

/** A bucket or directory, unless it is there. @param {Web} web @param {string} name */
async function make(web, name) {
  const method = web.kind === 's3' ? 'PUT' : 'MKCOL';
  await loaded(web, 1, (load) => load.one(sent(web, { method, key: name, length: 0 }))).catch((error) => {
    if (!/answered (409|405)/.test(error.message)) throw error;
  });
}

/** @param {Web} web @param {string} key */
async function remove(web, key) {
  await loaded(web, 1, (load) => load.one(sent(web, { method: 'DELETE', key }))).catch((error) => {
    if (!/answered 404/.test(error.message)) throw error;
  });
}

/** curl with the headers of one request. @param {Web} web @param {import('./web-requests.mjs').Wanted} wanted @param {string[]} args */
async function curl(web, wanted, args) {
  const { target, headers } = requestOf(web, wanted);
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  await promisify(execFile)(program('curl') ?? 'curl', [
    '-qsSf',
    ...lines,
    '-H',
    'Expect:',
    ...args,
    `${web.url}${target}`,
  ]);
}

/** Puts many small objects into a bucket. @param {Web} web @param {string} folder @param {number} count @param {number} bytes @param {number} connections */
async function putMany(web, folder, count, bytes, connections) {
  const content = randomBytes(count + bytes);
  const requests = Array.from({ length: count }, (_, index) =>
    sent(
      web,
      { method: 'PUT', key: `${folder}/${file(index)}`, length: bytes },
      content.subarray(index, index + bytes),
    ),
  );
  return timed(() =>
    loaded(web, connections, (load) => load.all(count, (index) => /** @type {any} */ (requests[index]))),
  );
}

/** The directory that the last round of a row has filled, by server and row. */
const filled = new Map();

/** Fills the bucket that is listed, the way clients would. @param {Contender} contender @param {import('./rows.mjs').Sizes} sizes */
async function fillListed({ server }, { entries }) {
  await make(server.web, LISTED);
  await putMany(server.web, LISTED, entries, 16, 64);
}

/** Names of the whole bucket, or of what came within a minute: some servers look through all of it for each page. @param {Web} web */
async function listNames(web) {
  const started = Date.now();
  return loaded(web, 1, async (load) => {
    if (web.kind === 'webdav') {
      const wanted = { method: 'PROPFIND', key: `${LISTED}/`, headers: { depth: '1' }, length: 0 };
      const { text } = await load.one(sent(web, wanted));
      // The first is the directory itself.
      return { names: (text.match(/<D:response>/g)?.length ?? 1) - 1, whole: true };
    }
    let names = 0;
    for (let token = ''; ; ) {
      const query = { 'list-type': '2', ...(token === '' ? {} : { 'continuation-token': token }) };
      const { text } = await load.one(sent(web, { method: 'GET', key: LISTED, query }));
      names += text.match(/<Key>/g)?.length ?? 0;
      const next = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
      if (next === undefined || next === '') return { names, whole: true };
      if (Date.now() - started > LONGEST_LISTING_MS) return { names, whole: false };
      token = next.replaceAll('&#34;', '"').replaceAll('&amp;', '&');
    }
  });
}

/** @param {Web} web @param {string} local @param {number} mebibytes */
async function putParts(web, local, mebibytes) {
  const count = Math.ceil(mebibytes / PART_MIB);
  const from = openSync(local, 'r');
  try {
    await loaded(web, PARTS_AT_ONCE, async (load) => {
      const begin = await load.one(
        sent(web, { method: 'POST', key: LARGE, query: { uploads: '' }, length: 0 }),
      );
      const uploadId = /<UploadId>([^<]+)</.exec(begin.text)?.[1] ?? '';
      /** @type {string[]} */
      const etags = [];
      await load.all(
        count,
        (index) => {
          const part = Buffer.allocUnsafe(PART_MIB * MIB);
          const length = readSync(from, part, 0, part.length, index * part.length);
          const query = { partNumber: String(index + 1), uploadId };
          return sent(web, { method: 'PUT', key: LARGE, query, length }, part.subarray(0, length));
        },
        ({ head }, index) => {
          etags[index] = /^etag: *(\S+)/im.exec(head)?.[1] ?? '';
        },
      );
      const parts = etags.map(
        (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
      );
      const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
      const wanted = { method: 'POST', key: LARGE, query: { uploadId }, length: body.length };
      const { text } = await load.one(sent(web, wanted, body));
      if (text.includes('<Error>')) throw new Error(`the upload was not completed: ${text}`);
    });
  } finally {
    closeSync(from);
  }
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
    title: ({ mebibytes }) => `upload ${mebibytes} MiB in parts of ${PART_MIB} MiB, ${PARTS_AT_ONCE} at once`,
    unit: 'MiB/s',
    protocol: 's3',
    input: 'large',
    measure: async ({ server: { web } }, { large, sizes: { mebibytes } }) => {
      await make(web, BUCKET);
      await remove(web, LARGE);
      return mebibytes / (await timed(() => putParts(web, large, mebibytes)));
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
      ({ names, whole } = await listNames(web));
    });
    if (whole && names !== entries) throw new Error(`${names} names listed instead of ${entries}`);
    return names / seconds;
  },
};

export const S3_ROWS = [...LARGE_ROWS, ...CONNECTIONS.flatMap(manyRows), LIST_ROW];
