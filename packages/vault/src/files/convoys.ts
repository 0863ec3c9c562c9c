/** How long a file that is ready waits after the last one that came, in milliseconds. */
const PATIENCE_MS = 3;
/** Files that are published together at most. */
const MOST = 16;
/** After waiting in vain once, twice, ... so many times as many files are published at once before it is tried again. */
const MOST_SHY = 64;
/** Directories without writers of which it is remembered how their writers behaved. */
const REMEMBERED = 256;

/** What is known of the writers of one directory. */
interface Convoy {
  /** Handles that are open for writing. */
  writers: number;
  ready: (() => void)[];
  /** How many may be expected to be ready together. */
  hope: number;
  /** Files yet to be published without waiting, and how many it was after the last vain wait. */
  shy: number;
  lastShy: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Has files of one directory published together when several clients write there. A commit costs nearly the same for one
 * file as for many, and clients that send small files are in step only if somebody makes them. A file waits only while
 * others are being written beside it, only as long as more keep coming, and rarely where it has proved to be in vain.
 * Nobody who writes alone waits.
 */
export class Convoys {
  readonly #patienceMs: number;
  readonly #byDirectory = new Map<string, Convoy>();

  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** A handle has been opened for writing in a directory. Returns what to call once when it is closed. */
  enter(directory: string): () => void {
    const convoy = this.#byDirectory.get(directory) ?? newConvoy();
    this.#byDirectory.set(directory, convoy);
    convoy.writers += 1;
    return () => {
      convoy.writers -= 1;
      if (convoy.writers === 0) this.#remember(directory, convoy);
      this.#departIfDue(convoy);
    };
  }

  /** Resolves when a file of a directory is to be published: at once, or with others. */
  async join(directory: string): Promise<void> {
    const convoy = this.#byDirectory.get(directory);
    if (convoy === undefined || (wanted(convoy) < 2 && convoy.ready.length === 0)) return;
    if (convoy.shy > 0 && convoy.ready.length === 0) {
      convoy.shy -= 1;
      return;
    }
    const departure = new Promise<void>((resolve) => convoy.ready.push(resolve));
    clearTimeout(convoy.timer);
    convoy.timer = setTimeout(() => this.#giveUp(convoy), this.#patienceMs);
    this.#departIfDue(convoy);
    await departure;
  }

  /** Clients that send one file after another leave a directory without writers now and then. */
  #remember(directory: string, convoy: Convoy): void {
    this.#byDirectory.delete(directory);
    this.#byDirectory.set(directory, convoy);
    if (this.#byDirectory.size <= REMEMBERED) return;
    for (const [oldest, { writers }] of this.#byDirectory) {
      if (writers > 0) continue;
      this.#byDirectory.delete(oldest);
      break;
    }
  }

  #departIfDue(convoy: Convoy): void {
    if (convoy.ready.length === 0 || convoy.ready.length < wanted(convoy)) return;
    const came = convoy.ready.length;
    convoy.hope = Math.min(MOST, came + 1);
    if (came > 1) convoy.lastShy = 0;
    depart(convoy);
  }

  #giveUp(convoy: Convoy): void {
    const came = convoy.ready.length;
    convoy.hope = Math.max(2, came);
    if (came < 2) {
      convoy.lastShy = Math.min(MOST_SHY, Math.max(1, convoy.lastShy * 2));
      convoy.shy = convoy.lastShy;
    }
    depart(convoy);
  }
}

function newConvoy(): Convoy {
  return { writers: 0, ready: [], hope: MOST, shy: 0, lastShy: 0, timer: undefined };
}

function wanted(convoy: Convoy): number {
  return Math.min(convoy.writers, convoy.hope);
}

function depart(convoy: Convoy): void {
  clearTimeout(convoy.timer);
  convoy.timer = undefined;
  for (const go of convoy.ready.splice(0)) go();
}
