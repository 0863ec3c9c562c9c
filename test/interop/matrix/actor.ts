import type { Seen } from '../client.js';

/** One way into the vault. Paths of the vault are absolute; the working directory of every test exists. */
export interface Actor {
  readonly name: string;
  /** The protocol has no way to say when a file was modified, nor to rename it but by a copy. */
  readonly noTimes?: true;
  /** Makes or replaces a file, with its modification time. */
  put(local: string, remote: string): Promise<void>;
  get(remote: string, local: string): Promise<void>;
  names(directory: string): Promise<readonly string[]>;
  see(remote: string): Promise<Seen>;
  /** SHA-256 of the content, hexadecimal, computed by the server where the protocol has a way to ask. */
  sha256(remote: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  /** Continues an upload of which the vault has the beginning. Absent where nothing of it can be said. */
  resumePut?(local: string, remote: string): Promise<void>;
  /** Continues a download of which `local` has the beginning. */
  resumeGet?(remote: string, local: string): Promise<void>;
  close(): Promise<void>;
}
