import type { SftpLimits } from '../config.js';

/** The network that an address is counted under: IPv4 itself, IPv6 its /64, because one host has all of that. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] ?? address;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::')
    ? Array<string>(Math.max(8 - front.length - back.length, 0)).fill('0')
    : [];
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}

export type Refusal = 'connections' | 'address' | 'unauthenticated' | 'unauthenticatedPerAddress';

/** One admitted connection. */
export interface Admission {
  /** It has logged in. */
  authenticated(): void;
  /** It is closed. Harmless twice. */
  leave(): void;
}

/** Counts connections: all, by network, and of both those that have not logged in. */
export class AdmissionControl {
  readonly #limits: SftpLimits;
  readonly #byNetwork = new Map<string, number>();
  readonly #unauthenticatedByNetwork = new Map<string, number>();
  #total = 0;
  #unauthenticated = 0;

  constructor(limits: SftpLimits) {
    this.#limits = limits;
  }

  enter(address: string): Admission | Refusal {
    const network = networkOf(address);
    const fromNetwork = this.#byNetwork.get(network) ?? 0;
    if (this.#total >= this.#limits.connections) return 'connections';
    if (fromNetwork >= this.#limits.connectionsPerAddress) return 'address';
    const strangers = this.#unauthenticatedByNetwork.get(network) ?? 0;
    // Before the bound for all: one address must not use up the places of the others.
    if (strangers >= this.#limits.unauthenticatedPerAddress) return 'unauthenticatedPerAddress';
    if (this.#unauthenticated >= this.#limits.unauthenticated) return 'unauthenticated';
    this.#total += 1;
    this.#unauthenticated += 1;
    increment(this.#byNetwork, network);
    increment(this.#unauthenticatedByNetwork, network);
    let pending = true;
    let present = true;
    const authenticated = (): void => {
      if (!pending) return;
      pending = false;
      this.#unauthenticated -= 1;
      decrement(this.#unauthenticatedByNetwork, network);
    };
    const leave = (): void => {
      if (!present) return;
      present = false;
      authenticated();
      this.#total -= 1;
      decrement(this.#byNetwork, network);
    };
    return { authenticated, leave };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function decrement(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}
