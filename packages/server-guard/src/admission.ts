import { networkOf } from './network.js';

export type Refusal = 'connections' | 'address' | 'unauthenticated' | 'unauthenticatedPerAddress';

/** How many connections a server takes at once. */
export interface ConnectionLimits {
  readonly connections: number;
  /** From one address (IPv6: from one /64). */
  readonly connectionsPerAddress: number;
  /** That have not logged in. Beyond it new ones are refused. */
  readonly unauthenticated: number;
  /** That have not logged in, from one address (IPv6: from one /64). */
  readonly unauthenticatedPerAddress: number;
}

/** One admitted connection. */
export interface Admission {
  /** It has logged in. */
  authenticated(): void;
  /** It is closed. Harmless twice. */
  leave(): void;
}

/** Counts connections: all, by network, and of both those that have not logged in. */
export class AdmissionControl {
  readonly #limits: ConnectionLimits;
  readonly #byNetwork = new Map<string, number>();
  readonly #unauthenticatedByNetwork = new Map<string, number>();
  #total = 0;
  #unauthenticated = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  enter(address: string): Admission | Refusal {
    const network = networkOf(address);
    const count = this.#byNetwork.get(network) ?? 0;
    if (this.#total >= this.#limits.connections) return 'connections';
    if (count >= this.#limits.connectionsPerAddress) return 'address';
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
