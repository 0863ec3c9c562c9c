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

export type Refusal = 'connections' | 'address' | 'unauthenticated';

/** One admitted connection. */
export interface Admission {
  /** It has logged in. */
  authenticated(): void;
  /** It is closed. Harmless twice. */
  leave(): void;
}

/** Counts connections: all, by network, and those that have not logged in. */
export class AdmissionControl {
  readonly #limits: SftpLimits;
  readonly #byNetwork = new Map<string, number>();
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
    if (this.#unauthenticated >= this.#limits.unauthenticated) return 'unauthenticated';
    this.#total += 1;
    this.#unauthenticated += 1;
    this.#byNetwork.set(network, fromNetwork + 1);
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
