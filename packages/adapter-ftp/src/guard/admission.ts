import type { FtpLimits } from '../config.js';
import { networkOf } from './network.js';

export type Refusal = 'connections' | 'address' | 'unauthenticated';

/** One admitted connection. */
export interface Admission {
  /** It has logged in. */
  authenticated(): void;
  /** It is closed. Harmless twice. */
  leave(): void;
}

/** Counts control connections: all, by network, and those that have not logged in. */
export class AdmissionControl {
  readonly #limits: FtpLimits;
  readonly #byNetwork = new Map<string, number>();
  #total = 0;
  #unauthenticated = 0;

  constructor(limits: FtpLimits) {
    this.#limits = limits;
  }

  enter(address: string): Admission | Refusal {
    const network = networkOf(address);
    const count = this.#byNetwork.get(network) ?? 0;
    if (this.#total >= this.#limits.connections) return 'connections';
    if (count >= this.#limits.connectionsPerAddress) return 'address';
    if (this.#unauthenticated >= this.#limits.unauthenticated) return 'unauthenticated';
    this.#total += 1;
    this.#unauthenticated += 1;
    this.#byNetwork.set(network, count + 1);
    let pending = true;
    let present = true;
    const authenticated = (): void => {
      if (pending) this.#unauthenticated -= 1;
      pending = false;
    };
    const leave = (): void => {
      if (!present) return;
      present = false;
      authenticated();
      this.#total -= 1;
      const left = (this.#byNetwork.get(network) ?? 1) - 1;
      if (left === 0) this.#byNetwork.delete(network);
      else this.#byNetwork.set(network, left);
    };
    return { authenticated, leave };
  }
}
