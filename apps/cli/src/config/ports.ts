import { Failure } from '../failure.js';

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** A TCP port; 0 asks the system for a free one. */
export function parsePort(text: string, name: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Failure('usage', `${name} must be a port, 0 to 65535`);
  return port;
}

/** Two ports of 1 to 65535 with `-` between them, the lower first; undefined for any other text. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [min, max] = [Number(match[1]), Number(match[2])];
  return min >= 1 && min <= max && max <= 65_535 ? { min, max } : undefined;
}
