// What the rows of S3 do, at servers of S3 and, where it has something of the kind, of WebDAV: the same requests but for
// their proof.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { program } from '../../scripts/setup/clients.mjs';
import { timed } from './timed.mjs';
import { Load } from './web-load.mjs';
import { headOf, requestOf } from './web-requests.mjs';

/** @typedef {import('./web-requests.mjs').Web} Web */

const MIB = 1024 * 1024;
const PARTS_AT_ONCE = 4;
const PART_MIB = 8;
const LONGEST_LISTING_MS = 60_000;

/** The name of one of many objects. */
export const file = (/** @type {number} */ index) => `file-${String(index).padStart(6, '0')}.dat`;

/** @template T @param {Web} web @param {number} connections @param {(load: Load) => Promise<T>} work */
export async function loaded(web, connections, work) {
  const load = new Load(web.url, connections);
  try {
    return await work(load);
  } finally {
    load.close();
  }
}

/** @param {Web} web @param {import('./web-requests.mjs').Wanted} wanted @param {Buffer} [body] */
export function sent(web, wanted, body) {
  return { method: wanted.method, head: headOf(web, wanted), ...(body === undefined ? {} : { body }) };
}

/** A bucket or directory, unless it is there. @param {Web} web @param {string} name */
export async function make(web, name) {
  const method = web.kind === 's3' ? 'PUT' : 'MKCOL';
  await loaded(web, 1, (load) => load.one(sent(web, { method, key: name, length: 0 }))).catch((error) => {
    if (!/answered (409|405)/.test(error.message)) throw error;
  });
}

/** @param {Web} web @param {string} key */
export async function remove(web, key) {
  await loaded(web, 1, (load) => load.one(sent(web, { method: 'DELETE', key }))).catch((error) => {
    if (!/answered 404/.test(error.message)) throw error;
  });
}

/** curl with the headers of one request. @param {Web} web @param {import('./web-requests.mjs').Wanted} wanted @param {string[]} args */
export async function curl(web, wanted, args) {
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
export async function putMany(web, folder, count, bytes, connections) {
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

/** Names of the whole bucket, or of what came within a minute: some servers look through all of it for each page. @param {Web} web @param {string} bucket */
export async function listNames(web, bucket) {
  const started = Date.now();
  return loaded(web, 1, async (load) => {
    if (web.kind === 'webdav') {
      const wanted = { method: 'PROPFIND', key: `${bucket}/`, headers: { depth: '1' }, length: 0 };
      const { text } = await load.one(sent(web, wanted));
      // The first is the directory itself.
      return { names: (text.match(/<D:response>/g)?.length ?? 1) - 1, whole: true };
    }
    let names = 0;
    for (let token = ''; ; ) {
      const query = { 'list-type': '2', ...(token === '' ? {} : { 'continuation-token': token }) };
      const { text } = await load.one(sent(web, { method: 'GET', key: bucket, query }));
      names += text.match(/<Key>/g)?.length ?? 0;
      const next = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
      if (next === undefined || next === '') return { names, whole: true };
      if (Date.now() - started > LONGEST_LISTING_MS) return { names, whole: false };
      token = next.replaceAll('&#34;', '"').replaceAll('&amp;', '&');
    }
  });
}

/** An upload in parts of 8 MiB, four at once. @param {Web} web @param {string} key @param {string} local @param {number} mebibytes */
export async function putParts(web, key, local, mebibytes) {
  const count = Math.ceil(mebibytes / PART_MIB);
  const from = openSync(local, 'r');
  try {
    await loaded(web, PARTS_AT_ONCE, async (load) => {
      const begin = await load.one(sent(web, { method: 'POST', key, query: { uploads: '' }, length: 0 }));
      const uploadId = /<UploadId>([^<]+)</.exec(begin.text)?.[1] ?? '';
      /** @type {string[]} */
      const etags = [];
      await load.all(
        count,
        (index) => {
          const part = Buffer.allocUnsafe(PART_MIB * MIB);
          const length = readSync(from, part, 0, part.length, index * part.length);
          const query = { partNumber: String(index + 1), uploadId };
          return sent(web, { method: 'PUT', key, query, length }, part.subarray(0, length));
        },
        ({ head }, index) => {
          etags[index] = /^etag: *(\S+)/im.exec(head)?.[1] ?? '';
        },
      );
      const parts = etags.map(
        (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
      );
      const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
      const wanted = { method: 'POST', key, query: { uploadId }, length: body.length };
      const { text } = await load.one(sent(web, wanted, body));
      if (text.includes('<Error>')) throw new Error(`the upload was not completed: ${text}`);
    });
  } finally {
    closeSync(from);
  }
}
