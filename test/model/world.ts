/**
 * The model store: registers that change by compare-and-swap, blobs that are written once, and a clock. A world is
 * immutable; running a step yields the next world, so that the explorer can return to any of them.
 */

export interface Register {
  /** Counts the swaps of this register: two values never share a tag, as sealed bytes never repeat. */
  readonly tag: number;
  readonly value: unknown;
  /** When it was last swapped. */
  readonly at: number;
}

/** A swap whose sender saw a time-out while the request was still on its way. It may arrive at any later moment. */
export interface LateSwap {
  readonly key: string;
  readonly tag: number | null;
  readonly value: unknown;
  readonly by: number | null;
}

export interface World {
  readonly registers: Readonly<Record<string, Register>>;
  readonly blobs: Readonly<Record<string, string>>;
  readonly late: readonly LateSwap[];
  /** Coarse units of time: see Limits. */
  readonly now: number;
}

/**
 * Everything that an actor still remembers, as text. Two histories of an actor that lead to the same step with the same
 * knowledge go on in the same way, so the explorer takes them for one.
 */
export type Knowledge = string | undefined;

/** One atomic access to the store, or a mark in the history of calls (`begin`, `end`), which takes no time. */
export type Step =
  | { readonly do: 'read'; readonly key: string; readonly knows?: Knowledge }
  | {
      readonly do: 'swap';
      readonly key: string;
      readonly tag: number | null;
      readonly value: unknown;
      /** The sender looks at its clock just before it sends, and does not send after this time. */
      readonly by?: number;
    }
  | { readonly do: 'get'; readonly key: string }
  | { readonly do: 'put'; readonly key: string; readonly data: string }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'list'; readonly prefix: string; readonly knows?: Knowledge }
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'begin'; readonly call: object }
  | { readonly do: 'end'; readonly result: string };

export type Outcome = { readonly now: number } & (
  | { readonly is: 'value'; readonly tag: number; readonly value: unknown; readonly at: number }
  | { readonly is: 'absent' | 'done' | 'conflict' | 'unknown' | 'expired' }
  | { readonly is: 'swapped'; readonly tag: number }
  | { readonly is: 'blob'; readonly data: string }
  | { readonly is: 'keys'; readonly keys: readonly string[] }
);

/** An actor: every yield is one atomic step. */
export type Actor<T> = Generator<Step, T, Outcome>;

/** How a swap goes wrong: applied but reported unknown, never applied, or still on its way. */
export type SwapFault = 'applied' | 'lost' | 'late';

/** Sets a key and keeps the keys sorted, so that equal worlds have equal text whatever the order of events. */
export function withKey<T>(record: Readonly<Record<string, T>>, key: string, value: T): Record<string, T> {
  if (key in record) return { ...record, [key]: value };
  return Object.fromEntries(
    [...Object.entries(record), [key, value] as const].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function withoutKey<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

function swap(world: World, request: LateSwap): { world: World; tag: number } | undefined {
  const current = world.registers[request.key];
  if ((current?.tag ?? null) !== request.tag) return undefined;
  const tag = (current?.tag ?? 0) + 1;
  const registers = withKey(world.registers, request.key, { tag, value: request.value, at: world.now });
  return { world: { ...world, registers }, tag };
}

/** A wait is the only step that may have to stand back. */
export function isEnabled(world: World, step: Step): boolean {
  return step.do !== 'wait' || world.now >= step.until;
}

/** Runs one step, with a fault if it is a swap. */
export function execute(world: World, step: Step, fault?: SwapFault): { world: World; outcome: Outcome } {
  const { now } = world;
  switch (step.do) {
    case 'read': {
      const register = world.registers[step.key];
      if (register === undefined) return { world, outcome: { now, is: 'absent' } };
      return { world, outcome: { now, is: 'value', ...register } };
    }
    case 'swap': {
      if (step.by !== undefined && now > step.by) return { world, outcome: { now, is: 'expired' } };
      const request: LateSwap = { key: step.key, tag: step.tag, value: step.value, by: step.by ?? null };
      if (fault === 'lost') return { world, outcome: { now, is: 'unknown' } };
      if (fault === 'late') {
        return { world: { ...world, late: [...world.late, request] }, outcome: { now, is: 'unknown' } };
      }
      const swapped = swap(world, request);
      if (fault === 'applied') return { world: swapped?.world ?? world, outcome: { now, is: 'unknown' } };
      if (swapped === undefined) return { world, outcome: { now, is: 'conflict' } };
      return { world: swapped.world, outcome: { now, is: 'swapped', tag: swapped.tag } };
    }
    case 'get': {
      const data = world.blobs[step.key];
      return { world, outcome: data === undefined ? { now, is: 'absent' } : { now, is: 'blob', data } };
    }
    case 'put':
      return {
        world: { ...world, blobs: withKey(world.blobs, step.key, step.data) },
        outcome: { now, is: 'done' },
      };
    case 'delete':
      return {
        world: {
          ...world,
          registers: withoutKey(world.registers, step.key),
          blobs: withoutKey(world.blobs, step.key),
        },
        outcome: { now, is: 'done' },
      };
    case 'list': {
      const all = [...Object.keys(world.registers), ...Object.keys(world.blobs)];
      const keys = all.filter((key) => key.startsWith(step.prefix));
      return { world, outcome: { now, is: 'keys', keys } };
    }
    default:
      return { world, outcome: { now, is: 'done' } };
  }
}

/** The late swap at `index` arrives: it takes effect if its tag still holds, and is gone either way. */
export function deliver(world: World, index: number): World {
  const request = world.late[index]!;
  const rest = { ...world, late: world.late.filter((_, other) => other !== index) };
  if (request.by !== null && world.now > request.by) return rest;
  return swap(rest, request)?.world ?? rest;
}
