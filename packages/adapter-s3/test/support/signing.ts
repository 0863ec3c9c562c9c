import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { ACCESS_KEY, REGION, SECRET_KEY } from './fixture.js';

/** What the oracle wants of a hash, on Node's. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key =
      typeof secret === 'string' || secret === undefined ? secret : Buffer.from(secret as Uint8Array);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : Buffer.from(data as Uint8Array));
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }
  reset(): void {}
}

export interface Unsigned {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Signer {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly date?: Date;
  readonly expiresIn?: number;
}

/** A request as it goes over the wire. */
export interface Wire {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
}

function oracle(signer: Signer): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region: signer.region ?? REGION,
    credentials: {
      accessKeyId: signer.accessKeyId ?? ACCESS_KEY,
      secretAccessKey: signer.secretAccessKey ?? SECRET_KEY,
    },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

/** Signed by the oracle, in the header or (with `expiresIn`) in the query. */
export async function signed(port: number, unsigned: Unsigned, signer: Signer = {}): Promise<Wire> {
  const { method, path, query = {}, headers = {} } = unsigned;
  const host = `127.0.0.1:${port}`;
  const request = {
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    path,
    query: { ...query },
    headers: {
      host,
      ...(signer.expiresIn === undefined ? {} : { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' }),
      ...headers,
    },
  };
  const options = { signingDate: signer.date ?? new Date() };
  const done =
    signer.expiresIn === undefined
      ? await oracle(signer).sign(request, options)
      : await oracle(signer).presign(request, {
          ...options,
          expiresIn: signer.expiresIn,
          unhoistableHeaders: new Set(Object.keys(headers)),
        });
  const pairs = Object.entries(done.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return {
    method,
    target: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
    headers: Object.entries(done.headers),
  };
}

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Sends exactly these headers, repeated ones too. */
export function send(port: number, wire: Wire, body: Uint8Array | string = ''): Promise<Answer> {
  const bytes = Buffer.from(body);
  const headers = wire.headers.flat();
  const framed = wire.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  if (!framed && (bytes.length > 0 || /^P/.test(wire.method)))
    headers.push('Content-Length', String(bytes.length));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method: wire.method, path: wire.target, headers, agent: false },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
          resolve({ status: response.statusCode ?? 0, code, body: text, headers: response.headers });
        });
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The header that some operations want of their body. */
export function contentMd5(data: Uint8Array | string): Record<string, string> {
  return { 'content-md5': createHash('md5').update(data).digest('base64') };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export interface ChunkedOptions {
  /** From the Authorization header that the chunks are chained to. */
  readonly wire: Wire;
  readonly chunks: readonly Uint8Array[];
  readonly signed: boolean;
  /** Name and value of the trailer. */
  readonly trailer?: readonly [string, string];
  readonly secretAccessKey?: string;
}

/** A body in `aws-chunked`, written down from the documentation and sharing nothing with the server. */
export function chunked({ wire, chunks, signed, trailer, secretAccessKey }: ChunkedOptions): Buffer {
  const header = (wanted: string): string => wire.headers.find(([name]) => name === wanted)?.[1] ?? '';
  const authorization = header('authorization');
  const date = header('x-amz-date');
  const scope = /Credential=[^/]+\/([^,]+),/.exec(authorization)?.[1] ?? '';
  let previous = /Signature=([0-9a-f]+)/.exec(authorization)?.[1] ?? '';
  const [day = '', region = '', service = ''] = scope.split('/');
  const key = hmac(
    hmac(hmac(hmac(`AWS4${secretAccessKey ?? SECRET_KEY}`, day), region), service),
    'aws4_request',
  );
  const sign = (...lines: string[]): string => {
    previous = hmac(key, [lines[0], date, scope, previous, ...lines.slice(1)].join('\n')).toString('hex');
    return previous;
  };
  const out: Buffer[] = [];
  for (const chunk of [...chunks, new Uint8Array(0)]) {
    const signature = signed ? sign('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256(chunk)) : '';
    out.push(Buffer.from(`${chunk.length.toString(16)}${signed ? `;chunk-signature=${signature}` : ''}\r\n`));
    if (chunk.length > 0) out.push(Buffer.from(chunk), Buffer.from('\r\n'));
  }
  if (trailer !== undefined) {
    out.push(Buffer.from(`${trailer[0]}:${trailer[1]}\r\n`));
    if (signed) {
      const signature = sign('AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer[0]}:${trailer[1]}\n`));
      out.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`));
    }
  }
  out.push(Buffer.from('\r\n'));
  return Buffer.concat(out);
}
