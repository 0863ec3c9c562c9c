import type { Identity } from '../auth/authenticate.js';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';
import { decodeAwsChunked } from './aws-chunked.js';
import type { ChecksumName } from './checksums.js';
import { BodyDigester, type DigestName } from './digester.js';
import { checksumValue, contentMd5, type ExpectedChecksum, expectedChecksum } from './expected.js';

/** What was computed of a body while it went by. Known when its stream has ended. */
export interface BodyDigests {
  readonly size: number;
  readonly md5: Buffer;
  readonly checksum?: { readonly name: ChecksumName; readonly value: Buffer };
}

export interface BodyOptions {
  readonly headers: Headers;
  readonly identity: Pick<Identity, 'payload' | 'chain'>;
  /** Bytes; more is `EntityTooLarge`. */
  readonly most: number;
  /** Bytes; less is `EntityTooSmall`. */
  readonly least?: number;
  /** The checksum in the headers is not that of the body. */
  readonly ignoreChecksum?: boolean;
  /** The length is not declared: the source has an end of its own. */
  readonly open?: boolean;
  /** A checksum to compute although the request declares none. */
  readonly compute?: ChecksumName;
}

/** The content of a request, checked against everything that the request declares about it. */
export class Body {
  /** What the request declares, checked before a byte is read. */
  readonly expected: ExpectedChecksum | undefined;
  readonly #raw: AsyncIterable<Uint8Array>;
  readonly #options: BodyOptions;
  readonly #md5: Buffer | undefined;
  readonly #length: number | undefined;
  #digests: BodyDigests | undefined;

  /** Throws what is wrong with the declarations. */
  constructor(raw: AsyncIterable<Uint8Array>, options: BodyOptions) {
    const { headers, identity, most } = options;
    this.#raw = raw;
    this.#options = options;
    this.expected = options.ignoreChecksum === true ? undefined : expectedChecksum(headers);
    this.#md5 = contentMd5(headers);
    this.#length =
      options.open === true ? undefined : declaredLength(headers, identity.payload.kind === 'chunked');
    if ((this.#length ?? 0) > most) throw new S3Error('EntityTooLarge');
    const { payload } = identity;
    const inTrailer = this.expected !== undefined && this.expected.value === undefined;
    if (inTrailer && !(payload.kind === 'chunked' && payload.trailer))
      throw new S3Error('InvalidRequest', 'x-amz-trailer needs a payload with a trailer.');
  }

  /** Throws unless the stream has been read to its end. */
  get digests(): BodyDigests {
    if (this.#digests === undefined) throw new Error('the body has not been read to its end');
    return this.#digests;
  }

  /** The bytes, once. Throws behind the last of them when any declaration does not hold. */
  async *stream(): AsyncGenerator<Uint8Array> {
    const { identity, compute, most } = this.#options;
    const { payload } = identity;
    const name = this.expected?.name ?? compute;
    const names = new Set<DigestName>(['md5']);
    if (payload.kind === 'digest') names.add('sha256');
    if (name !== undefined) names.add(name);
    let declared = this.expected?.value;
    const onTrailer = (text: string): void => {
      if (this.expected !== undefined) declared = checksumValue(this.expected.name, text);
    };
    const digests = await BodyDigester.start([...names], this.#length ?? 0);
    try {
      let size = 0;
      for await (const bytes of this.#content(onTrailer)) {
        size += bytes.length;
        if (size > most) throw new S3Error('EntityTooLarge');
        if (this.#length !== undefined && size > this.#length) throw new S3Error('IncompleteBody');
        const pending = digests.update(bytes);
        if (pending !== undefined) await pending;
        yield bytes;
      }
      await this.#end(digests, size, name, declared);
    } finally {
      digests.abandon();
    }
  }

  /** Compares what came with what was declared. */
  async #end(
    digests: BodyDigester,
    size: number,
    name: ChecksumName | undefined,
    declared: Buffer | undefined,
  ): Promise<void> {
    const { payload } = this.#options.identity;
    if (this.#length !== undefined && size !== this.#length) throw new S3Error('IncompleteBody');
    if (size < (this.#options.least ?? 0)) throw new S3Error('EntityTooSmall');
    const found = await digests.finish();
    if (payload.kind === 'digest' && found.get('sha256')?.toString('hex') !== payload.sha256)
      throw new S3Error('XAmzContentSHA256Mismatch');
    const md5 = found.get('md5') as Buffer;
    if (this.#md5 !== undefined && !this.#md5.equals(md5)) throw new S3Error('BadDigest');
    const value = name === undefined ? undefined : found.get(name);
    if (declared !== undefined && value !== undefined && !declared.equals(value))
      throw new S3Error(
        'BadDigest',
        `The ${name?.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    this.#digests = {
      size,
      md5,
      ...(name === undefined || value === undefined ? {} : { checksum: { name, value } }),
    };
  }

  /** All of it as text, for documents. Throws `MaxMessageLengthExceeded` over the bound. */
  async text(): Promise<string> {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of this.stream()) pieces.push(Buffer.from(piece));
    } catch (error) {
      if (error instanceof S3Error && error.code === 'EntityTooLarge')
        throw new S3Error('MaxMessageLengthExceeded');
      throw error;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
    } catch {
      throw new S3Error('MalformedXML');
    }
  }

  #content(onTrailer: (value: string) => void): AsyncIterable<Uint8Array> {
    const { payload, chain } = this.#options.identity;
    if (payload.kind !== 'chunked') return this.#raw;
    return decodeAwsChunked(this.#raw, {
      ...(payload.signed ? { chain } : {}),
      ...(payload.trailer && this.expected !== undefined
        ? { trailer: `x-amz-checksum-${this.expected.name}` }
        : {}),
      onTrailer,
    });
  }
}

/** Bytes of content that the request declares; chunked framing may leave it open, because it has an end of its own. */
function declaredLength(headers: Headers, chunked: boolean): number | undefined {
  const name = chunked ? 'x-amz-decoded-content-length' : 'content-length';
  const text = headers.get(name);
  if (text === undefined) {
    if (chunked) return undefined;
    if (headers.has('transfer-encoding')) throw new S3Error('MissingContentLength');
    return 0;
  }
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidArgument', `${name} is not a number of bytes.`);
  return Number(text);
}
