import type { Entry } from '../session.js';

/** A writer that has published nothing yet: its file can be seen, by its author, only through it. */
export interface Unpublished {
  stat(): Promise<Entry>;
}

/**
 * Files that this process has open for writing and whose name nothing stands under yet, so that a client that looks
 * at the name it is writing to finds it.
 */
export class OpenFiles {
  readonly #files = new Map<string, Unpublished>();

  add(directory: string, name: string, file: Unpublished): () => void {
    const key = `${directory}/${name}`;
    this.#files.set(key, file);
    return () => {
      if (this.#files.get(key) === file) this.#files.delete(key);
    };
  }

  get(directory: string, name: string): Unpublished | undefined {
    return this.#files.get(`${directory}/${name}`);
  }
}
