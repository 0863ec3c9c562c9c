import type { EncryptionErrorCode } from '../../src/errors.js';

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

export type Outcome =
  | { readonly ok: { readonly [key: string]: Json } }
  | { readonly error: EncryptionErrorCode };

/** One line of the specification as data. Byte strings are hexadecimal. */
export interface Vector {
  readonly id: string;
  readonly comment: string;
  readonly operation: string;
  readonly inputs: { readonly [key: string]: Json };
  readonly outcome: Outcome;
}

export interface VectorFile {
  readonly description: string;
  readonly vectors: readonly Vector[];
}
