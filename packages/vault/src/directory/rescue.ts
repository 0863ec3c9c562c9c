import {
  type ContentFields,
  encodeContent,
  type Head,
  type Release,
  type SealedRecord,
  signRecord,
} from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { blobKey } from '../content/blob-name.js';
import { collected, type Hold } from '../content/blob-writer.js';
import type { PieceList } from '../content/pieces.js';
import { SegmentCopies } from '../content/segment-copies.js';
import { contentBlobs, type HeldContent, heldBy, loadContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { openRecord } from '../record/build.js';
import { isStoreError } from '../translate.js';
import type { Change } from './change.js';
import type { Directory } from './directory.js';
import type { Folded } from './fold.js';
import { isTombstone, listingOf, type Row } from './rows.js';
import type { Transaction } from './transaction.js';
import { rowOf } from './tree.js';
import { noted, withoutBlobs, withoutPages } from './undo.js';

/** What a commit did, or would have done, to a directory. */
export interface Made {
  readonly base: Head;
  readonly edits: ReadonlyMap<string, SealedRecord>;
  readonly released: readonly Release[];
  readonly folded: Folded | undefined;
  /** Sessions that had been found dead when it began. */
  readonly deaths: number;
  readonly changes: readonly { readonly operation: Uint8Array; readonly edits: Made['edits'] }[];
}

/** A record with content that a dead session wrote. */
interface Endangered {
  readonly record: SealedRecord;
  /** Store keys of the blobs in danger. */
  readonly blobs: ReadonlySet<string>;
  /** Published content, draft and appendix, as far as there are; nothing when they cannot be read any more. */
  readonly lists: readonly (PieceList | undefined)[] | undefined;
}

/**
 * Brings a commit to safety whose session turned out to have been dead: gc may have marked before the commit came, and
 * be on its way to blobs that still stand. What can be read is written again under a living session; where it is gone
 * the old record is put back, while its blobs are only noted to be released. Pages are done without.
 */
export class Rescue implements Change<void> {
  readonly evenDead = true;
  readonly reclaims = true;
  readonly #context: VaultContext;
  readonly #directory: Directory;
  readonly #made: Made;
  readonly #hold: Hold;
  readonly #endangered = new Map<string, Endangered>();
  readonly #copies: SegmentCopies;
  /** Old records to be put back on the head that was mended last; nothing where there was none. */
  #undo = new Map<string, SealedRecord | undefined>();
  #failed = new Set<string>();
  #pagesRemain = false;

  private constructor(context: VaultContext, directory: Directory, made: Made) {
    this.#context = context;
    this.#directory = directory;
    this.#made = made;
    this.#hold = context.writer.hold();
    this.#copies = new SegmentCopies(context);
  }

  /** Looks at what was committed and copies what is in danger. Nothing when nothing is. */
  static async begin(context: VaultContext, directory: Directory, made: Made): Promise<Rescue | undefined> {
    const rescue = new Rescue(context, directory, made);
    try {
      await rescue.#examine();
    } catch (error) {
      rescue.end();
      throw error;
    }
    if (rescue.#endangered.size > 0 || rescue.#pagesInDanger) return rescue;
    rescue.end();
    return undefined;
  }

  end(): void {
    this.#hold.release();
  }

  /** Whether a change that edited `key` was taken back, or could not be brought to safety. */
  hasLost(key: string): boolean {
    return this.#pagesRemain || this.#failed.has(key);
  }

  /** What the head becomes beside the records. Decides which records are put back. */
  async mend(head: Head): Promise<Head> {
    this.#undo = new Map();
    this.#failed = new Set();
    this.#pagesRemain = false;
    if (head.state === 'dead') return head;
    let mended = head;
    if (this.#pagesInDanger) {
      const before = withoutPages(head, this.#made);
      this.#pagesRemain = before === undefined;
      mended = before ?? head;
    }
    for (const [key, { record, lists }] of this.#endangered) {
      if (lists !== undefined) continue;
      this.#failed.add(key);
      mended = (await this.#withoutRecord(mended, key, record)) ?? mended;
    }
    return mended;
  }

  async apply(transaction: Transaction): Promise<void> {
    if (this.#hold.lost) throw collected();
    if (transaction.state === 'dead') return;
    for (const [key, old] of this.#undo) {
      if (old === undefined) await transaction.remove(key);
      else await transaction.put(old);
    }
    for (const [key, endangered] of this.#endangered) {
      if (endangered.lists === undefined) continue;
      const row = await transaction.get(key);
      const record = row === undefined ? undefined : await this.#rewritten(row, endangered);
      if (record !== undefined) await transaction.put(record);
    }
    transaction.touch();
  }

  get #pagesInDanger(): boolean {
    return this.#made.folded?.written.some((blob) => this.#context.writer.isDead(blob)) === true;
  }

  async #examine(): Promise<void> {
    const before = new Set<string>();
    for (const key of this.#made.edits.keys())
      for (const name of (await this.#oldBlobs(key))?.keys() ?? []) before.add(name);
    const isNew = (blob: Uint8Array): boolean =>
      this.#context.writer.isDead(blob) && !before.has(blobKey(blob));
    for (const [key, record] of this.#made.edits) {
      if (isTombstone(record) || listingOf(record).kind !== 'file') continue;
      const { content } = openRecord(this.#context, this.#directory, rowOf(record));
      const inDanger = await this.#inDanger(content, isNew);
      if (inDanger.blobs.size > 0) this.#endangered.set(key, { record, ...inDanger });
    }
  }

  async #inDanger(
    content: ContentFields,
    isNew: (blob: Uint8Array) => boolean,
  ): Promise<Pick<Endangered, 'blobs' | 'lists'>> {
    const blobs = new Set<string>();
    for (const { map, pieces = [] } of heldBy(content)) {
      if (map !== undefined && isNew(map.blob)) blobs.add(blobKey(map.blob));
      for (const piece of pieces)
        if (piece.kind === 'data' && isNew(piece.segment)) blobs.add(blobKey(piece.segment));
    }
    try {
      for (const [name, blob] of await contentBlobs(this.#context, content)) if (isNew(blob)) blobs.add(name);
      const lists = await this.#load(content);
      for (const list of lists) {
        for (const piece of list?.pieces ?? [])
          if (piece.kind === 'data' && isNew(piece.segment.blob)) await this.#copies.add(piece.segment);
      }
      return { blobs, lists };
    } catch (error) {
      if (!isGone(error) && !isStoreError(error, 'no-space')) throw error;
      return { blobs, lists: undefined };
    }
  }

  #load(content: ContentFields): Promise<(PieceList | undefined)[]> {
    const load = async (held: HeldContent | undefined): Promise<PieceList | undefined> =>
      held === undefined ? undefined : loadContent(this.#context, held);
    return Promise.all([load(content), load(content.draft), load(content.appendix)]);
  }

  /** The record with copies in the place of what is in danger; nothing when it refers to nothing of that. */
  async #rewritten(row: Row, endangered: Endangered): Promise<SealedRecord | undefined> {
    const { provider, author } = this.#context;
    const { content } = openRecord(this.#context, this.#directory, row);
    const mine = sameBytes(row.sealed().signature, endangered.record.signature);
    let lists = endangered.lists ?? [];
    if (!mine) {
      // Somebody went on from it, an appender perhaps.
      try {
        const blobs = await contentBlobs(this.#context, content);
        if (![...endangered.blobs].some((name) => blobs.has(name))) return undefined;
        lists = await this.#load(content);
      } catch (error) {
        if (!isGone(error)) throw error;
        this.#failed.add(row.key);
        return undefined;
      }
    }
    const [published, draft, appendix] = lists;
    const { pieces: _pieces, map: _map, ...rest } = content;
    const encoded = encodeContent({
      ...rest,
      ...(content.pieces === undefined && content.map === undefined
        ? {}
        : await this.#copies.held(published)),
      ...(content.draft === undefined
        ? {}
        : {
            draft: {
              ...(await this.#copies.held(draft)),
              size: content.draft.size,
              seconds: content.draft.seconds,
            },
          }),
      ...(content.appendix === undefined
        ? {}
        : { appendix: { ...(await this.#copies.held(appendix)), size: content.appendix.size } }),
    });
    const { key, listing } = row;
    const signature = signRecord(provider, author, this.#directory.keys.uid, key, listing, encoded);
    return { key, listing, content: encoded, signature };
  }

  /** Prepares that the old record of `key` is put back, unless it is too late for that. */
  async #withoutRecord(head: Head, key: string, record: SealedRecord): Promise<Head | undefined> {
    const row = await this.#directory.tree(head).get(key);
    if (row === undefined || !sameBytes(row.sealed().signature, record.signature)) return undefined;
    const blobs = await this.#oldBlobs(key);
    if (blobs === undefined) return undefined;
    const released = new Set<string>(this.#made.released.flatMap((note) => note.blobs.map(blobKey)));
    if (!noted(head.releases, new Set([...blobs.keys()].filter((name) => released.has(name)))))
      return undefined;
    this.#undo.set(key, (await this.#directory.tree(this.#made.base).get(key))?.sealed());
    // Whoever looks for the operation must not take the change for made.
    const undone = this.#made.changes.filter(({ edits }) => edits.has(key));
    return {
      ...head,
      releases: withoutBlobs(head.releases, new Set(blobs.keys())),
      operations: head.operations.filter((id) => !undone.some((one) => sameBytes(one.operation, id))),
    };
  }

  /** What the record that stood under `key` before the commit refers to; nothing when that cannot be read any more. */
  async #oldBlobs(key: string): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    try {
      const row = await this.#directory.tree(this.#made.base).get(key);
      if (row === undefined) return new Map();
      return await contentBlobs(this.#context, openRecord(this.#context, this.#directory, row).content);
    } catch (error) {
      if (!isGone(error)) throw error;
      return undefined;
    }
  }
}

function isGone(error: unknown): boolean {
  return (error instanceof VaultError && error.code === 'stale') || isStoreError(error, 'not-found');
}
