import { readFileSync } from 'node:fs';
import { VAULT_ERROR_CODES } from '@latchkey/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_OF_VAULT_ERROR, OPERATIONS, S3_ERRORS } from '../src/index.js';
import { SELECTING_PARAMETERS } from '../src/operations/unsupported.js';
import { type Fixture, startFixture } from './support/fixture.js';
import { send, signed } from './support/signing.js';

const document = readFileSync(new URL('../../../docs/s3.md', import.meta.url), 'utf8');

/** The first cells of a table's rows, between a heading and the next. */
function firstCells(heading: string): string[] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] as string);
}

describe('docs/s3.md', () => {
  it('has every operation, and no other', () => {
    const names = OPERATIONS.map((one) => one.name);
    expect(firstCells('Operations').sort()).toEqual([...names, 'PostObject'].sort());
  });

  it('says what becomes of every error of the vault', () => {
    const rows = Object.keys(VAULT_ERROR_CODES).map((code) => {
      const name = ERROR_OF_VAULT_ERROR[code as keyof typeof VAULT_ERROR_CODES];
      return `| \`${code}\` | ${name} | ${S3_ERRORS[name][0]} |`;
    });
    const section = document.split('## Errors of the vault\n')[1]?.split('\n## ')[0] ?? '';
    const found = section.split('\n').filter((line) => line.startsWith('| `'));
    expect(found.map((line) => line.replace(/ +/g, ' ')).sort()).toEqual(rows.sort());
  });
});

describe('what is not implemented', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
    await fixture.session.mkdir(['b']);
    await fixture.session.write(['b', 'k'], Buffer.from('old'));
    await fixture.session.symlink('k', ['b', 'link']);
  });
  afterAll(() => fixture.close());

  it('says so for every parameter that selects an operation which is not there', async () => {
    const wrong: string[] = [];
    for (const method of ['GET', 'PUT', 'POST', 'DELETE'] as const)
      for (const path of ['/', '/b', '/b/k'])
        for (const name of SELECTING_PARAMETERS) {
          const scope = path === '/' ? 'service' : path === '/b' ? 'bucket' : 'object';
          const taken = OPERATIONS.some(
            (one) =>
              one.method === method &&
              one.scope === scope &&
              [...(one.query ?? []), ...(one.parameters ?? [])].includes(name),
          );
          if (taken) continue;
          const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
          const wire = await signed(fixture.port, { method, path, query: { [name]: '' }, headers });
          const { status, code } = await send(fixture.port, wire);
          if (status !== 501 || code !== 'NotImplemented')
            wrong.push(`${method} ${path}?${name}: ${status} ${code}`);
        }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['x-amz-acl', 'public-read', 'NotImplemented'],
    ['x-amz-grant-read', 'id=1', 'NotImplemented'],
    ['x-amz-server-side-encryption', 'aws:kms', 'NotImplemented'],
    ['x-amz-server-side-encryption-customer-algorithm', 'AES256', 'InvalidArgument'],
    ['x-amz-object-lock-mode', 'GOVERNANCE', 'InvalidArgument'],
    ['x-amz-website-redirect-location', '/x', 'NotImplemented'],
    ['x-amz-something-new', '1', 'NotImplemented'],
    ['x-amz-storage-class', 'GLACIER', 'InvalidStorageClass'],
    ['x-amz-expected-bucket-owner', '123456789012', 'AccessDenied'],
    ['if-none-match', '"etag"', 'NotImplemented'],
  ])('says so for the header %s: %s', async (name, value, code) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', [name]: value };
    const wire = await signed(fixture.port, { method: 'PUT', path: '/b/k', headers });
    expect((await send(fixture.port, wire, 'new')).code).toBe(code);
    expect((await fixture.session.stat(['b', 'k'])).size).toBe(3);
  });

  it.each([
    ['/b/../c', 400, 'InvalidArgument'],
    ['/b/a/%2e%2e/%2e%2e/c', 400, 'InvalidArgument'],
    ['/b/.', 400, 'InvalidArgument'],
    ['/b/a%00', 400, 'InvalidArgument'],
    [`/b/${'a'.repeat(1025)}`, 400, 'KeyTooLongError'],
    ['/b/%ff', 400, 'InvalidURI'],
    [`/b/${'a/'.repeat(501)}`, 400, 'InvalidArgument'],
    ['/b/link/below', 409, 'KeyConflict'],
    ['/.latchkey-uploads/x', 404, 'NoSuchBucket'],
    ['/%2e%2e/x', 404, 'NoSuchBucket'],
  ])('refuses to write to %s', async (path, status, code) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const wire = await signed(fixture.port, { method: 'PUT', path, headers });
    const answer = await send(fixture.port, wire, 'new');
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  it.each([
    ['GET', '/.latchkey-uploads/id/upload', {}],
    ['HEAD', '/.latchkey-uploads/id/upload', {}],
    ['GET', '/b%2Fd/k', {}],
    ['PUT', '/b/copy', { 'x-amz-copy-source': '.latchkey-uploads/id/upload' }],
  ])('has no objects where there can be no bucket: %s %s', async (method, path, more) => {
    await fixture.session.write(['.latchkey-uploads', 'id', 'upload'], Buffer.from('x'), { parents: true });
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...more };
    const wire = await signed(fixture.port, { method, path, headers });
    expect((await send(fixture.port, wire)).status).toBe(404);
  });

  it('answers with request ids and writes no secret to the log', async () => {
    const wire = await signed(fixture.port, { method: 'GET', path: '/b/none', query: { prefix: 'x' } });
    const answer = await send(fixture.port, wire);
    const id = answer.headers['x-amz-request-id'];
    expect(answer.body).toContain(`<RequestId>${id}</RequestId>`);
    const log = JSON.stringify(fixture.log);
    expect(log).toContain(String(id));
    expect(log).not.toMatch(/Signature|Credential|wJalr/);
  });
});
