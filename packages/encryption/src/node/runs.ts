/// <reference types="node" />
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EncryptionError } from '../errors.js';
import type { ChunkRun, CryptoProvider, RunCrypto } from '../provider.js';
import { openRunHere, sealRunHere } from '../segment/run.js';

/*
 * Runs of chunks are sealed and opened by a few threads beside the event loop, so that a transfer uses more than one
 * processor and the loop's heap sees none of the buffers that ciphers allocate. Their memory moves to the thread and back;
 * shared memory would need neither, but JavaScript copies to and from it word by word.
 */

/** Threads at most. A machine with one processor has none: everything is done in the caller's thread. */
const THREADS: number = Math.min(4, availableParallelism() - 1);

/** As text, because it has to run from the sources in tests and from the build elsewhere. */
const PROGRAM = `
const { createCipheriv, createDecipheriv, createHash, timingSafeEqual } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const CHUNK = 65536, TAG = 16, LEAF = 32, OPTIONS = { authTagLength: TAG };
const PREFIX = Uint8Array.of(0);
const leaf = (bytes) => createHash('sha256').update(PREFIX).update(bytes).digest();
const nonceOf = (index, last) => {
  const nonce = new Uint8Array(12);
  nonce[9] = index >>> 8;
  nonce[10] = index;
  nonce[11] = last ? 1 : 0;
  return nonce;
};
const each = ({ slab, size, first, last }, work) => {
  const chunks = Math.ceil(size / CHUNK);
  for (let i = 0; i < chunks; i++) {
    const at = i * (CHUNK + TAG), length = Math.min(CHUNK, size - i * CHUNK);
    const sealed = slab.subarray(at, at + length + TAG);
    work(i, sealed.subarray(0, length), sealed, nonceOf(first + i, last && i === chunks - 1));
  }
};
const seal = (run) => {
  const leaves = new Uint8Array(Math.ceil(run.size / CHUNK) * LEAF);
  each(run, (i, text, sealed, nonce) => {
    const cipher = createCipheriv('aes-256-gcm', run.key, nonce, OPTIONS);
    cipher.setAAD(run.header);
    text.set(cipher.update(text));
    cipher.final();
    sealed.set(cipher.getAuthTag(), text.length);
    leaves.set(leaf(sealed), i * LEAF);
  });
  return leaves;
};
const open = (run, leaves) => {
  each(run, (i, text, sealed, nonce) => {
    if (!timingSafeEqual(leaf(sealed), leaves.subarray(i * LEAF, (i + 1) * LEAF)))
      throw new Error('chunk is not the one that was signed');
    const decipher = createDecipheriv('aes-256-gcm', run.key, nonce, OPTIONS);
    decipher.setAAD(run.header);
    decipher.setAuthTag(sealed.subarray(text.length));
    const plain = decipher.update(text);
    try {
      decipher.final();
    } catch {
      throw new Error('ciphertext fails authentication');
    }
    text.set(plain);
  });
};
parentPort.on('message', ({ id, run, leaves }) => {
  try {
    const made = leaves === undefined ? seal(run) : open(run, leaves);
    parentPort.postMessage({ id, slab: run.slab, leaves: made }, [run.slab.buffer]);
  } catch (error) {
    parentPort.postMessage({ id, failure: String(error.message) });
  }
});
`;

interface Done {
  readonly slab: Uint8Array<ArrayBuffer>;
  /** Of a run that was sealed. */
  readonly leaves?: Uint8Array;
}

interface Answer extends Done {
  readonly id: number;
  /** Why a run cannot be opened. */
  readonly failure?: string;
}

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: unknown) => void;
}

class RunThread {
  readonly waiting = new Map<number, Waiting>();
  readonly #worker = new Worker(PROGRAM, {
    eval: true,
    name: 'chunks',
    // It holds a few buffers at a time: a small heap is collected often and quickly.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
  });
  #count = 0;

  constructor(onEnd: (thread: RunThread) => void) {
    this.#worker.unref();
    this.#worker.on('message', ({ id, failure, ...done }: Answer) => {
      const one = this.waiting.get(id);
      this.waiting.delete(id);
      // A thread that has work keeps the process alive, as work in the thread itself would.
      if (this.waiting.size === 0) this.#worker.unref();
      if (failure === undefined) one?.resolve(done);
      else one?.reject(new EncryptionError('damaged', failure));
    });
    const end = (): void => {
      onEnd(this);
      for (const { reject } of this.waiting.values()) reject(new Error('a thread for chunks has ended'));
      this.waiting.clear();
    };
    this.#worker.on('error', end).on('exit', end);
  }

  run(run: ChunkRun, leaves?: Uint8Array): Promise<Done> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      if (this.waiting.size === 0) this.#worker.ref();
      this.waiting.set(id, { resolve, reject });
      // A view is sent with all the memory it is a view of: small ones are cut out.
      const message = { id, run: { ...run, key: run.key.slice() }, leaves: leaves?.slice() };
      this.#worker.postMessage(message, [run.slab.buffer]);
    });
  }
}

export class NodeRuns implements RunCrypto {
  readonly #provider: () => CryptoProvider;
  readonly #most: number;
  #threads: RunThread[] = [];

  /** `most`: threads that may run; with none the work is done by the caller's. */
  constructor(provider: () => CryptoProvider, most: number = THREADS) {
    this.#provider = provider;
    this.#most = most;
  }

  async seal(run: ChunkRun): Promise<{ slab: Uint8Array<ArrayBuffer>; leaves: Uint8Array }> {
    const done = await this.#thread()?.run(run);
    if (done?.leaves !== undefined) return { slab: done.slab, leaves: done.leaves };
    return { slab: run.slab, leaves: sealRunHere(this.#provider(), run) };
  }

  async open(run: ChunkRun, leaves: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const thread = this.#thread();
    if (thread !== undefined) return (await thread.run(run, leaves)).slab;
    openRunHere(this.#provider(), run, leaves);
    return run.slab;
  }

  /** The one with the least to do, or a new one while all have something. */
  #thread(): RunThread | undefined {
    let least: RunThread | undefined;
    for (const thread of this.#threads)
      if (least === undefined || thread.waiting.size < least.waiting.size) least = thread;
    if (this.#threads.length < this.#most && (least === undefined || least.waiting.size > 0)) {
      least = new RunThread((ended) => {
        this.#threads = this.#threads.filter((one) => one !== ended);
      });
      this.#threads.push(least);
    }
    return least;
  }
}
