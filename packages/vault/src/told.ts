import type { VaultError } from './errors.js';
import { SourceFailed } from './files/stream.js';
import type { ObjectReader } from './object-session.js';
import { asVaultError } from './translate.js';

/** What the user of a session is told of a failure: its own errors unchanged, all others as the vault's. */
export function told(error: unknown): VaultError {
  if (error instanceof SourceFailed) throw error.cause;
  return asVaultError(error);
}

export function rethrow(error: unknown): never {
  throw told(error);
}

export async function* toldStream<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    throw told(error);
  }
}

export function toldReader(reader: ObjectReader): ObjectReader {
  return {
    ...reader,
    stream: (offset, length) => toldStream(reader.stream(offset, length)),
    lend: (offset, length) => toldStream(reader.lend(offset, length)),
  };
}
