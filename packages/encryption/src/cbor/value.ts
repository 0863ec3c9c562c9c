/** The part of CBOR (RFC 8949) that the format uses: no floats, no tags, no null, no indefinite lengths. */
export type CborValue = number | string | boolean | Uint8Array | readonly CborValue[] | CborMap;

/** Keys are unsigned integers or strings. */
export type CborMap = ReadonlyMap<number | string, CborValue>;

/** Deepest nesting of arrays and maps, in both directions. */
export const MAX_CBOR_DEPTH: number = 8;
