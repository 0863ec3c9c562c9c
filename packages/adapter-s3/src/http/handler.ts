import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { ObjectSession } from '@latchkey/vault';
import { anonymousIdentity, isAnonymous, refuseMore } from '../auth/anonymous.js';
import { authenticate, isPresigned, type Verifier } from '../auth/authenticate.js';
import { Body } from '../body/body.js';
import { requireDigest } from '../body/expected.js';
import type { S3ServerOptions } from '../config.js';
import { failureOf, S3Error } from '../errors.js';
import type { Call, ServerContext } from '../operations/operation.js';
import { isFormUpload, postObject } from '../operations/post-form.js';
import { checkServiceHeaders, findAnonymousOperation, findOperation } from '../operations/registry.js';
import { type Address, addressOf, isSecure } from './address.js';
import { crossOriginHeaders, preflight } from './cross-origin.js';
import { Headers, headerValue } from './headers.js';
import { errorReply, type Reply, sendReply } from './reply.js';
import { RequestBody } from './request-body.js';
import { Turns } from './turns.js';
import { Query, splitTarget } from './url.js';

/** Bytes of a refused request's body that are read and dropped, so that its client sees the answer. */
const DRAIN_BYTES = 1024 * 1024;
const DRAIN_MS = 2000;

/** Failures of a proof, which count against an address; others are mistakes. */
const GUESSES: ReadonlySet<string> = new Set(['SignatureDoesNotMatch', 'InvalidAccessKeyId']);

export interface HandlerOptions {
  readonly server: ServerContext;
  readonly verifier: Verifier;
  readonly throttle: S3ServerOptions['throttle'];
  readonly domains: readonly string[];
  readonly preflight?: NonNullable<S3ServerOptions['preflight']>;
}

/** Requests from their first byte to the last of their answers. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #turns: Turns;
  readonly #running = new Set<Promise<void>>();

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#turns = new Turns(options.server.limits);
  }

  /** Takes one request. `waits`: the client sends its body only when it is told to go on. */
  take(request: IncomingMessage, response: ServerResponse, waits: boolean): void {
    const done = this.#answer(request, response, waits).catch((error: unknown) => {
      this.#options.server.log('error', 'a request failed', { error });
      response.destroy();
    });
    this.#running.add(done);
    void done.then(() => this.#running.delete(done));
  }

  /** Resolves when no request is being carried out. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, waits: boolean): Promise<void> {
    const { server } = this.#options;
    const id = requestId();
    const target = request.url ?? '/';
    const resource = target.split('?')[0] as string;
    response.setHeader('Server', 'Latchkey');
    response.setHeader('x-amz-request-id', id);
    response.setHeader('x-amz-id-2', id);
    let reply: Reply;
    try {
      if (this.#running.size >= server.limits.requests) throw new S3Error('SlowDown');
      reply = await this.#carryOut(request, response, waits);
    } catch (error) {
      const { answer, unexpected } = failureOf(error);
      const details = { request: id, method: request.method, resource, code: answer.code };
      if (unexpected) server.log('error', 'a request failed', { ...details, error });
      else server.log('debug', 'a request was refused', details);
      if (GUESSES.has(answer.code)) await this.#slowDown(request);
      reply = errorReply(answer, resource, id);
    } finally {
      this.#turns.leave(request);
    }
    if (!request.complete) response.setHeader('Connection', 'close');
    await sendReply(response, reply, request.method === 'HEAD');
    if (!request.complete) await drain(request, waits);
  }

  async #carryOut(request: IncomingMessage, response: ServerResponse, waits: boolean): Promise<Reply> {
    const { server, verifier, throttle, domains } = this.#options;
    if (throttle.banned(request.socket.remoteAddress ?? '')) throw new S3Error('SlowDown');
    const headers = new Headers(request.rawHeaders);
    const { path: rawPath, query: rawQuery } = splitTarget(request.url ?? '');
    const query = new Query(rawQuery);
    const method = request.method ?? '';
    const address = addressOf(headers.get('host'), rawPath, domains);
    const content = new RequestBody(request, async () => {
      await this.#turns.enter(request, content);
      if (waits) response.writeContinue();
    });
    if (method === 'OPTIONS') return this.#preflight(address, query, headers);
    const allowOrigin = async (session: ObjectSession): Promise<void> => {
      const found = await crossOriginHeaders(session, address.bucket, headers, method);
      for (const [name, value] of Object.entries(found)) response.setHeader(name, headerValue(value));
    };
    if (method === 'POST' && isFormUpload(address, query, headers))
      return postObject({
        server,
        verifier,
        address,
        query,
        headers,
        secure: isSecure(request),
        body: () => content,
        allowOrigin,
      });
    const anonymous = isAnonymous({ headers, query });
    const identity = anonymous
      ? await anonymousIdentity(address.bucket, server.publicBuckets)
      : await authenticate({ method, rawPath, query, headers }, verifier);
    if (isPresigned({ query })) hoist(query, headers);
    const operation = anonymous ? findAnonymousOperation({ method, address, query, headers }) : undefined;
    if (anonymous) refuseMore(query);
    await allowOrigin(identity.credential.session);
    checkServiceHeaders(headers, query, identity.credential.user);
    const { session } = identity.credential;
    if (!anonymous) server.uploads.saw(identity.credential.user, session);
    const call: Call = {
      server,
      method,
      address,
      query,
      headers,
      identity,
      session,
      secure: isSecure(request),
      body: (most, options = {}) => new Body(content, { headers, identity, most, ...options }),
    };
    const { run, digest = false } = operation ?? findOperation(call);
    if (digest) requireDigest(headers);
    return run(call);
  }

  /** The rules of a bucket are asked for without a proof; in a presigned URL it is at least named who made it. */
  async #preflight(address: Address, query: Query, headers: Headers): Promise<Reply> {
    const { server, verifier } = this.#options;
    const { bucket } = address;
    if (bucket === undefined) return preflight(undefined, bucket, headers);
    let session = await this.#options.preflight?.(bucket);
    session ??= (await server.publicBuckets(bucket))?.session;
    const accessKeyId = query.get('X-Amz-Credential')?.split('/').slice(0, -4).join('/');
    if (session === undefined && accessKeyId !== undefined)
      session = (await verifier.credentials.find(accessKeyId))?.session;
    return preflight(session, bucket, headers);
  }

  /** An answer to a wrong signature waits, longer each time, so that guessing gets nowhere. */
  async #slowDown(request: IncomingMessage): Promise<void> {
    const delay = this.#options.throttle.begin(request.socket.remoteAddress ?? '');
    if (delay > 0) await wait(delay);
  }
}

/** 62 random bits in hexadecimal, from those that Node has drawn in advance. */
function requestId(): string {
  return randomUUID().slice(19).replace('-', '').toUpperCase();
}

/** Parameters of a presigned URL that stand for headers which its maker had no other way to send. */
function hoist(query: Query, headers: Headers): void {
  for (const [name, value] of query.pairs) {
    const header = name.toLowerCase();
    if (!header.startsWith('x-amz-') || SIGNATURE_PARAMETERS.has(header)) continue;
    headers.hoist(header, value);
  }
}

const SIGNATURE_PARAMETERS: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/** Reads what is left of a body for a moment, then cuts the connection: closing at once could swallow the answer. */
async function drain(request: IncomingMessage, waits: boolean): Promise<void> {
  if (waits || request.destroyed) {
    request.socket.destroySoon();
    return;
  }
  let bytes = 0;
  const ended = new Promise<void>((resolve) => {
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes > DRAIN_BYTES) resolve();
    });
    for (const event of ['end', 'close', 'error']) request.once(event, () => resolve());
  });
  const timer = wait(DRAIN_MS, undefined, { ref: false });
  await Promise.race([ended, timer]);
  request.socket.destroySoon();
}
