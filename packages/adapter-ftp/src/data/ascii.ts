/**
 * TYPE A (RFC 959, section 3.1.1.1): lines end with CR LF on the wire and with LF in the vault. Converters keep what a
 * chunk leaves undecided until the next one.
 */

const CR = 0x0d;
const LF = 0x0a;

/** From the wire: CR LF becomes LF. Other CRs and LFs stay. */
export class FromWire {
  #heldCr = false;

  convert(bytes: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(bytes.length + 1);
    let length = 0;
    for (const byte of bytes) {
      if (this.#heldCr && byte !== LF) out[length++] = CR;
      this.#heldCr = byte === CR;
      if (!this.#heldCr) out[length++] = byte;
    }
    return out.subarray(0, length);
  }

  /** What is left at the end of the data. */
  end(): Buffer {
    const rest = this.#heldCr ? Buffer.from([CR]) : Buffer.alloc(0);
    this.#heldCr = false;
    return rest;
  }
}

/** To the wire: LF becomes CR LF, unless a CR is before it already. */
export class ToWire {
  #afterCr = false;

  convert(bytes: Uint8Array): Buffer {
    let added = 0;
    let previous = this.#afterCr ? CR : 0;
    for (const byte of bytes) {
      if (byte === LF && previous !== CR) added += 1;
      previous = byte;
    }
    const out = Buffer.allocUnsafe(bytes.length + added);
    let length = 0;
    previous = this.#afterCr ? CR : 0;
    for (const byte of bytes) {
      if (byte === LF && previous !== CR) out[length++] = CR;
      out[length++] = byte;
      previous = byte;
    }
    this.#afterCr = previous === CR;
    return out;
  }
}
