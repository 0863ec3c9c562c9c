// Requests to servers of S3 and of WebDAV, as bytes: signed before the clock starts, so that the client costs next to nothing.
import { createHash, createHmac } from 'node:crypto';

/**
 * A server of one of the two. `id` and `secret` are an access key, or a user and a password.
 * @typedef {{ kind: 's3' | 'webdav', url: string, region: string, id: string, secret: string }} Web
 *
 * @typedef {object} Wanted
 * @property {string} method
 * @property {string} key Bucket and key with a slash between; ASCII that needs no encoding.
 * @property {Record<string, string>} [query]
 * @property {Record<string, string>} [headers] By lower-case name.
 * @property {number} [length] Bytes of the body.
 * @property {string} [payload] How S3 is told that the body is protected. Default: not at all.
 */

const UNSIGNED = 'UNSIGNED-PAYLOAD';

export const hmac = (/** @type {string | Buffer} */ key, /** @type {string} */ text) =>
  createHmac('sha256', key).update(text).digest();

/**
 * What the signatures of chunks are chained to.
 * @typedef {{ key: Buffer, date: string, scope: string, signature: string }} Chain
 *
 * The target of a request and all its headers.
 * @param {Web} web
 * @param {Wanted} wanted
 * @returns {{ target: string, headers: Record<string, string>, chain?: Chain }}
 */
export function requestOf(web, { method, key, query = {}, headers = {}, length, payload = UNSIGNED }) {
  const { host } = new URL(web.url);
  const parameters = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const target = `/${key}${parameters === '' ? '' : `?${parameters}`}`;
  /** @type {Record<string, string>} */
  const all = { host, ...headers, ...(length === undefined ? {} : { 'content-length': String(length) }) };
  if (web.kind === 'webdav') {
    all.authorization = `Basic ${Buffer.from(`${web.id}:${web.secret}`).toString('base64')}`;
    return { target, headers: all };
  }
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${web.region}/s3/aws4_request`;
  all['x-amz-date'] = date;
  all['x-amz-content-sha256'] = payload;
  const signed = Object.keys(all).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  signed.sort();
  const canonical = [
    method,
    `/${key}`,
    parameters,
    ...signed.map((name) => `${name}:${all[name]}`),
    '',
    signed.join(';'),
    payload,
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const secret = [web.region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${web.secret}`, date.slice(0, 8)));
  const signature = hmac(secret, ['AWS4-HMAC-SHA256', date, scope, digest].join('\n')).toString('hex');
  all.authorization = `AWS4-HMAC-SHA256 Credential=${web.id}/${scope},SignedHeaders=${signed.join(';')},Signature=${signature}`;
  return { target, headers: all, chain: { key: secret, date, scope, signature } };
}

/**
 * The same as the head of a request on the wire.
 * @param {Web} web
 * @param {Wanted} wanted
 */
export function headOf(web, wanted) {
  const { target, headers } = requestOf(web, wanted);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${wanted.method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}
