import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/*
 * Digests of large bodies are computed beside the event loop, which has the encryption to do. Bytes are copied into blocks
 * that go to a worker and come back when it has read them, so that a body holds no more than its few blocks, and all
 * bodies together little more than as many as are good for the workers.
 */

/** Digests that Node computes itself. */
export type WorkerDigest = 'md5' | 'sha1' | 'sha256';

const BLOCK_BYTES = 256 * 1024;
/** Blocks of one body that are on their way. */
const BLOCKS = 8;
/** The same of all bodies: 8 MiB. Past that, each body has one. */
const ALL_BLOCKS = 32;
/** Blocks that are kept for the next body. */
const KEPT_BLOCKS = 16;
/** Workers; each body stays with one. A machine with one processor has none. */
export const WORKERS: number = Math.min(2, availableParallelism() - 1);

/** The program of a worker, as text, because it has to run from the sources in tests and from the build elsewhere. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const running = new Map();
parentPort.on('message', ({ id, names, block, length, end }) => {
  if (names !== undefined) running.set(id, names.map((name) => createHash(name)));
  const hashes = running.get(id);
  if (block !== undefined) {
    const bytes = new Uint8Array(block, 0, length);
    for (const hash of hashes) hash.update(bytes);
    parentPort.postMessage({ id, block }, [block]);
  }
  if (end !== undefined) {
    running.delete(id);
    if (end === 'digest') parentPort.postMessage({ id, digests: hashes.map((hash) => hash.digest('hex')) });
  }
});
`;

interface FromWorker {
  readonly id: number;
  readonly block?: ArrayBuffer;
  readonly digests?: readonly string[];
}

const workers: DigestWorker[] = [];
let count = 0;
/** Blocks that bodies hold, and such as nobody holds. */
let taken = 0;
const idle: ArrayBuffer[] = [];

class DigestWorker {
  readonly #worker = new Worker(PROGRAM, {
    eval: true,
    name: 'digests',
    // It makes nothing but messages; left alone, their garbage would grow to tens of MiB before it is looked at.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
  readonly bodies = new Map<number, OffloadedDigests>();

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.bodies.get(message.id)?.took(message));
    const fail = (): void => {
      const at = workers.indexOf(this);
      if (at >= 0) workers.splice(at, 1);
      for (const body of this.bodies.values()) body.fail(new Error('a worker for digests has ended'));
    };
    this.#worker.on('error', fail).on('exit', fail);
  }

  post(message: object, blocks: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, blocks);
  }
}

/** Some digests of one body. One caller at a time. */
export class OffloadedDigests {
  readonly #names: readonly WorkerDigest[];
  readonly #worker: DigestWorker;
  readonly #id = ++count;
  #taken = 0;
  #block: Uint8Array | undefined;
  #filled = 0;
  #wake: (() => void) | undefined;
  #digests: readonly string[] | undefined;
  #failure: Error | undefined;

  private constructor(names: readonly WorkerDigest[], worker: DigestWorker) {
    this.#names = names;
    this.#worker = worker;
    worker.bodies.set(this.#id, this);
    worker.post({ id: this.#id, names });
  }

  /** Undefined where nothing would be gained. `most`: workers that may run. */
  static start(names: readonly WorkerDigest[], most: number = WORKERS): OffloadedDigests | undefined {
    if (most < 1) return undefined;
    if (workers.length < most && workers.every(({ bodies }) => bodies.size > 0))
      workers.push(new DigestWorker());
    const [least] = [...workers].sort((a, b) => a.bodies.size - b.bodies.size);
    return new OffloadedDigests(names, least as DigestWorker);
  }

  /** Resolves when the bytes have been copied. Rejects when the worker has ended. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      this.#block ??= await this.#room();
      const piece = bytes.subarray(at, at + BLOCK_BYTES - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === BLOCK_BYTES) this.#send();
    }
  }

  async finish(): Promise<ReadonlyMap<WorkerDigest, Buffer>> {
    this.#send();
    this.#worker.post({ id: this.#id, end: 'digest' });
    while (this.#digests === undefined) await this.#news();
    this.#worker.bodies.delete(this.#id);
    const digests = this.#digests;
    return new Map(this.#names.map((name, index) => [name, Buffer.from(digests[index] as string, 'hex')]));
  }

  /** The digests are not wanted any more. Harmless after {@link finish}. */
  abandon(): void {
    if (this.#digests !== undefined) return;
    this.#worker.bodies.delete(this.#id);
    this.#worker.post({ id: this.#id, end: 'drop' });
    // What the worker sends back now reaches nobody.
    this.#give(this.#taken);
  }

  took({ block, digests }: FromWorker): void {
    if (block !== undefined) {
      if (idle.length < KEPT_BLOCKS) idle.push(block);
      this.#give(1);
    }
    this.#digests = digests ?? this.#digests;
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }

  #send(): void {
    const block = this.#block?.buffer;
    if (!(block instanceof ArrayBuffer)) return;
    this.#worker.post({ id: this.#id, block, length: this.#filled }, [block]);
    this.#block = undefined;
    this.#filled = 0;
  }

  async #room(): Promise<Uint8Array> {
    // A body that has none need not wait for others, whose clients may have stopped sending.
    while (this.#taken > 0 && (this.#taken >= BLOCKS || taken >= ALL_BLOCKS)) await this.#news();
    this.#taken += 1;
    taken += 1;
    return new Uint8Array(idle.pop() ?? new ArrayBuffer(BLOCK_BYTES));
  }

  #give(blocks: number): void {
    this.#taken -= blocks;
    taken -= blocks;
  }

  async #news(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure !== undefined) throw this.#failure;
  }
}
