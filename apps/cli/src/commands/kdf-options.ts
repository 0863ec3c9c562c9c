import { ARGON2_BOUNDS, type Argon2Cost, DEFAULT_ARGON2 } from '@latchkey/encryption';
import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { parseBytes } from '../terminal/figures.js';

export interface KdfFlags {
  readonly kdfMemory?: string;
  readonly kdfPasses?: string;
  readonly kdfLanes?: string;
}

export function withKdfOptions(command: Command): Command {
  return command
    .option('--kdf-memory <size>', 'memory of Argon2id, 64MiB to 1GiB (default: 64MiB)')
    .option('--kdf-passes <number>', 'passes of Argon2id, 3 to 16 (default: 3)')
    .option('--kdf-lanes <number>', 'lanes of Argon2id, 1 to 4 (default: 4)');
}

/** The cost of Argon2id (RFC 9106) that was asked for; undefined leaves the choice to the vault. */
export function kdfOf(flags: KdfFlags): Argon2Cost | undefined {
  if (flags.kdfMemory === undefined && flags.kdfPasses === undefined && flags.kdfLanes === undefined)
    return undefined;
  const memory = flags.kdfMemory === undefined ? undefined : (parseBytes(flags.kdfMemory) ?? Number.NaN);
  const cost: Argon2Cost = {
    memoryKiB: memory === undefined ? DEFAULT_ARGON2.memoryKiB : Math.floor(memory / 1024),
    passes: flags.kdfPasses === undefined ? DEFAULT_ARGON2.passes : Number(flags.kdfPasses),
    lanes: flags.kdfLanes === undefined ? DEFAULT_ARGON2.lanes : Number(flags.kdfLanes),
  };
  within(cost.memoryKiB, ARGON2_BOUNDS.memoryKiB, '--kdf-memory must be 64MiB to 1GiB');
  within(cost.passes, ARGON2_BOUNDS.passes, '--kdf-passes must be 3 to 16');
  within(cost.lanes, ARGON2_BOUNDS.lanes, '--kdf-lanes must be 1 to 4');
  return cost;
}

function within(value: number, { min, max }: { min: number; max: number }, message: string): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new Failure('usage', message);
}
