import { resolve } from 'node:path';
import { StoreError } from '@latchkey/store';

/**
 * What an acknowledged write survives. `full`: power loss, because contents and names are synced to the medium
 * first. `relaxed`: a crash of the process, not of the machine, which is what the usual file servers offer.
 */
export type Durability = 'full' | 'relaxed';

export interface FileStoreOptions {
  /** Directory that holds the store. */
  readonly root: string;
  /** Default `full`. */
  readonly durability?: Durability;
  /** Make the store when `root` is missing or empty. Default false: that is a `no-store` error. */
  readonly create?: boolean;
  /** Bytes kept aside so that a full disk can still be cleaned, 0 to 1 GiB. Default 4 MiB; 0 keeps none. */
  readonly reserveBytes?: number;
  /**
   * How a generation of a register gets its name. `detect`: with hard links, or with directories on a file
   * system that has no links. `directory`: always with directories. All processes may differ.
   */
  readonly publication?: 'detect' | 'directory';
  /** Blob files kept open for reading, 1 to 4096. Default 64. */
  readonly openFiles?: number;
}

export type FileStoreConfig = Required<FileStoreOptions>;

const GIB = 1024 ** 3;

/** Fills in defaults. Throws `unsupported` for a value out of bounds. */
export function fileStoreConfig(options: FileStoreOptions): FileStoreConfig {
  const config: FileStoreConfig = {
    durability: 'full',
    create: false,
    reserveBytes: 4 * 1024 * 1024,
    publication: 'detect',
    openFiles: 64,
    ...options,
  };
  if (config.root === '') throw new StoreError('no-store', 'the root of a file store cannot be empty');
  if (config.durability !== 'full' && config.durability !== 'relaxed') {
    throw new StoreError(
      'unsupported',
      `durability is full or relaxed, not ${JSON.stringify(config.durability)}`,
    );
  }
  if (config.publication !== 'detect' && config.publication !== 'directory') {
    throw new StoreError(
      'unsupported',
      `publication is detect or directory, not ${JSON.stringify(config.publication)}`,
    );
  }
  bounded('reserveBytes', config.reserveBytes, 0, GIB);
  bounded('openFiles', config.openFiles, 1, 4096);
  return { ...config, root: resolve(config.root) };
}

function bounded(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new StoreError('unsupported', `${name} is ${least} to ${most}, not ${value}`);
  }
}
