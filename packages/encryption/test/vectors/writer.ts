import { EncryptionError, type EncryptionErrorCode } from '../../src/errors.js';
import type { CryptoProvider } from '../../src/provider.js';
import { toHex } from '../bytes.js';
import { run } from './operations.js';
import type { Json, Outcome, Vector, VectorFile } from './vector.js';

export type RawInputs = { readonly [key: string]: Json | Uint8Array | readonly Uint8Array[] };

function toJson(value: RawInputs[string]): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item) => toJson(item as Json | Uint8Array));
  return value as Json;
}

/** Collects the vectors of one file. What is expected is said beforehand; making them only fills in the values. */
export class VectorWriter {
  readonly #p: CryptoProvider;
  readonly #vectors: Vector[] = [];
  readonly #description: string;

  constructor(p: CryptoProvider, description: string) {
    this.#p = p;
    this.#description = description;
  }

  async opens(id: string, comment: string, operation: string, inputs: RawInputs): Promise<void> {
    const json = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toJson(value)]));
    this.#add({ id, comment, operation, inputs: json, outcome: { ok: await run(this.#p, operation, json) } });
  }

  async refuses(
    id: string,
    comment: string,
    operation: string,
    error: EncryptionErrorCode,
    inputs: RawInputs,
  ): Promise<void> {
    const json = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toJson(value)]));
    const outcome = await outcomeOf(this.#p, operation, json);
    if (!('error' in outcome) || outcome.error !== error) {
      throw new Error(`vector ${id}: expected ${error}, got ${JSON.stringify(outcome)}`);
    }
    this.#add({ id, comment, operation, inputs: json, outcome });
  }

  #add(vector: Vector): void {
    if (this.#vectors.some(({ id }) => id === vector.id))
      throw new Error(`two vectors are called ${vector.id}`);
    this.#vectors.push(vector);
  }

  file(): VectorFile {
    return { description: this.#description, vectors: this.#vectors };
  }
}

/** What an operation does with the inputs of a vector. Errors other than EncryptionError pass through. */
export async function outcomeOf(
  p: CryptoProvider,
  operation: string,
  inputs: Vector['inputs'],
): Promise<Outcome> {
  try {
    return { ok: await run(p, operation, inputs) };
  } catch (error) {
    if (error instanceof EncryptionError) return { error: error.code };
    throw error;
  }
}
