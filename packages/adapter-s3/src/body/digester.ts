import { type ChecksumName, type RunningDigest, startDigest } from './checksums.js';
import { OffloadedDigests, type WorkerDigest } from './digest-worker.js';

export type DigestName = ChecksumName | 'md5';

/** Bytes from which on a body's digests are worth a worker. */
const LARGE = 1024 * 1024;
const OFFLOADED: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256'] satisfies WorkerDigest[]);

function isOffloaded(name: DigestName): name is WorkerDigest {
  return OFFLOADED.has(name);
}

/** The digests of a body that are asked for: those of a large one beside the event loop, but for CRCs, which cost little. */
export class BodyDigester {
  readonly #here: readonly (readonly [DigestName, RunningDigest])[];
  readonly #beside: OffloadedDigests | undefined;

  private constructor(
    here: readonly (readonly [DigestName, RunningDigest])[],
    beside: OffloadedDigests | undefined,
  ) {
    this.#here = here;
    this.#beside = beside;
  }

  /** `size`: bytes that the body is declared to have; 0 when that is not known. */
  static async start(names: readonly DigestName[], size: number): Promise<BodyDigester> {
    const away = size < LARGE ? [] : names.filter(isOffloaded);
    const beside = away.length === 0 ? undefined : OffloadedDigests.start(away);
    const left = beside === undefined ? names : names.filter((name) => !isOffloaded(name));
    try {
      const here = await Promise.all(left.map(async (name) => [name, await startDigest(name)] as const));
      return new BodyDigester(here, beside);
    } catch (error) {
      beside?.abandon();
      throw error;
    }
  }

  /** The bytes are not needed any more when this returns or, if that is a promise, when it resolves. */
  update(bytes: Uint8Array): Promise<void> | undefined {
    for (const [, digest] of this.#here) digest.update(bytes);
    return this.#beside?.update(bytes);
  }

  async finish(): Promise<ReadonlyMap<DigestName, Buffer>> {
    const here = this.#here.map(([name, digest]) => [name, digest.digest()] as const);
    return new Map<DigestName, Buffer>([...here, ...((await this.#beside?.finish()) ?? [])]);
  }

  /** Harmless after {@link finish}. */
  abandon(): void {
    this.#beside?.abandon();
  }
}
