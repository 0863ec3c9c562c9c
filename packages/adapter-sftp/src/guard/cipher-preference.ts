import type { Connection } from 'ssh2';
import { FAST_CIPHERS } from '../algorithms.js';

/** Networks remembered at most whose clients want another cipher. */
const MAX_NETWORKS = 1_000;

interface NameList {
  readonly array: readonly string[];
}

/** The lists of one KEXINIT as ssh2 keeps them. */
interface Offer {
  readonly lists: {
    readonly kex: NameList;
    readonly serverHostKey: NameList;
    readonly cs: Readonly<Record<'cipher' | 'mac' | 'compress' | 'lang', NameList>>;
  };
}

interface OfferLists {
  kex: readonly string[];
  serverHostKey: readonly string[];
  cs: Readonly<Record<'cipher' | 'mac' | 'compress' | 'lang', readonly string[]>>;
  sc: Readonly<Record<'cipher' | 'mac' | 'compress' | 'lang', readonly string[]>>;
}

interface ConnectionInternals {
  readonly _protocol: { _offer: Offer };
}

/**
 * OpenSSH asks for ChaCha20 before AES-CTR before AES-GCM, and of these AES-GCM costs ssh2 by far the least: 0.4 of
 * the CPU of ChaCha20. The client's order decides, so OpenSSH is offered AES-GCM only, which it has had since 6.2.
 * One that is configured not to use it fails once and is offered everything from then on.
 */
export class CipherPreference {
  readonly #enabled: boolean;
  readonly #fast = new WeakMap<Offer, Offer>();
  readonly #others = new Set<string>();

  /** `enabled`: AES is fast on this machine. */
  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /** To be called between the client's greeting and our KEXINIT. `software` as in the greeting, such as `OpenSSH_9.2p1`. */
  apply(connection: Connection, software: string, network: string): void {
    if (!this.#enabled || !/^OpenSSH_(?:[7-9]|\d\d)\./.test(software) || this.#others.has(network)) return;
    const protocol = (connection as unknown as ConnectionInternals)._protocol;
    protocol._offer = this.#narrowed(protocol._offer);
    connection.on('error', (error: Error) => {
      if (!/no matching [CS]->[CS] cipher/.test(error.message)) return;
      if (this.#others.size >= MAX_NETWORKS) this.#others.clear();
      this.#others.add(network);
    });
  }

  #narrowed(offer: Offer): Offer {
    const known = this.#fast.get(offer);
    if (known !== undefined) return known;
    const { kex, serverHostKey, cs } = offer.lists;
    const direction = {
      cipher: FAST_CIPHERS,
      mac: cs.mac.array,
      compress: cs.compress.array,
      lang: cs.lang.array,
    };
    const KexInit = offer.constructor as new (lists: OfferLists) => Offer;
    const narrowed = new KexInit({
      kex: [...kex.array],
      serverHostKey: serverHostKey.array,
      cs: direction,
      sc: direction,
    });
    this.#fast.set(offer, narrowed);
    return narrowed;
  }
}
