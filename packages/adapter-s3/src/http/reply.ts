import type { ServerResponse } from 'node:http';
import type { Borrowed } from '@latchkey/vault';
import { S3_ERRORS, type S3Error } from '../errors.js';
import { document, element } from '../xml/write.js';
import { headerValue } from './headers.js';

/** What a request ends with. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string | Content;
}

/** Bytes that are sent as they are read. */
export interface Content {
  readonly length: number;
  readonly stream: () => AsyncIterable<Uint8Array>;
  /** The same in memory that is to be given back; for much. */
  readonly lend?: () => AsyncIterable<Borrowed>;
  /** Runs when the reply is over, however it ended. */
  readonly close: () => Promise<void>;
}

export const XML_TYPE = 'application/xml';

export function xmlReply(xml: string, headers: Reply['headers'] = {}): Reply {
  return { status: 200, headers: { 'Content-Type': XML_TYPE, ...headers }, body: xml };
}

export function errorDocument(error: S3Error, resource: string, requestId: string): string {
  return document(
    element('Error', [
      element('Code', error.code),
      element('Message', error.message),
      ...Object.entries(error.details).map(([name, value]) => element(name, value)),
      element('Resource', resource),
      element('RequestId', requestId),
      element('HostId', requestId),
    ]),
  );
}

/** An error as a reply. 304 and answers to HEAD have no body. */
export function errorReply(error: S3Error, resource: string, requestId: string): Reply {
  const headers = { 'Content-Type': XML_TYPE, ...error.headers };
  if (error.status === S3_ERRORS.NotModified[0]) return { status: error.status, headers: error.headers };
  return { status: error.status, headers, body: errorDocument(error, resource, requestId) };
}

/**
 * Sends a reply with the client's backpressure. Resolves when everything has been handed over or the client is gone.
 * When the content fails half-way the connection is cut, so that nobody takes what came for the whole.
 */
export async function sendReply(response: ServerResponse, reply: Reply, head: boolean): Promise<void> {
  const { body } = reply;
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (value !== undefined) response.setHeader(name, typeof value === 'number' ? value : headerValue(value));
  response.statusCode = reply.status;
  if (typeof body !== 'object') {
    const bytes = Buffer.from(body ?? '', 'utf8');
    if (reply.status !== 204 && reply.status !== 304 && !response.hasHeader('Content-Length'))
      response.setHeader('Content-Length', bytes.length);
    response.end(head ? undefined : bytes);
    return;
  }
  try {
    response.setHeader('Content-Length', body.length);
    if (head) {
      response.end();
      return;
    }
    if (body.lend !== undefined) await sendLent(response, body.lend());
    else
      for await (const piece of body.stream()) {
        if (response.destroyed) return;
        if (!response.write(piece)) await roomIn(response);
      }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    await body.close();
  }
}

async function sendLent(response: ServerResponse, steps: AsyncIterable<Borrowed>): Promise<void> {
  for await (const { pieces, giveBack } of steps) {
    if (response.destroyed) return;
    // Together, in one system call.
    response.cork();
    const last = pieces.length - 1;
    pieces.forEach((piece, index) => {
      // After a failure the system may have it still.
      if (index < last) response.write(piece);
      else response.write(piece, (error) => error ?? giveBack());
    });
    response.uncork();
    if (response.writableNeedDrain) await roomIn(response);
  }
}

/** Resolves when the client has taken what was written, or is gone. */
function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}
