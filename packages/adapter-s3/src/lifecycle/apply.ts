import type { Logger } from '@latchkey/server-guard';
import type { ObjectEntry, ObjectSession, VersionEntry } from '@latchkey/vault';
import { isVaultError } from '../errors.js';
import { mayBeBucket, placeOf } from '../objects/keys.js';
import { openUploads } from '../objects/upload-listing.js';
import { endUpload } from '../objects/uploads.js';
import { walk } from '../objects/walk.js';
import { dueAfter, firstExpiry, matches, matchesPrefix, type Rule, writtenAt } from './rule.js';
import { configuredIds, forgetBucket, rulesOf } from './store.js';

/** What was done, in counts. */
export interface LifecycleReport {
  /** Current objects that were removed, or got a marker. */
  objects: number;
  /** Older versions that were destroyed. */
  versions: number;
  /** Markers that nothing was left behind. */
  markers: number;
  uploads: number;
  /** What was due and could not be removed: locked, changed meanwhile, or in trouble. */
  left: number;
}

export interface LifecycleOptions {
  /** Milliseconds since 1970. For tests. */
  readonly now?: number;
  readonly logger?: Logger;
  /** Ends the run between two objects. */
  readonly signal?: AbortSignal;
}

/** Names of a path that removals leave: the bucket. */
const BUCKET_ONLY = 1;

/**
 * Does what the lifecycles of all buckets ask for. Meant to run once a day; it may run anywhere and at any time, also twice at
 * once. It reads the buckets that have rules from end to end and holds one page of them at a time. An object is removed only if it is
 * still the one that was found due. What cannot be removed is logged and left for the next run.
 */
export async function applyLifecycles(
  session: ObjectSession,
  options: LifecycleOptions = {},
): Promise<LifecycleReport> {
  const report: LifecycleReport = { objects: 0, versions: 0, markers: 0, uploads: 0, left: 0 };
  const run = new Run(session, options, report);
  const ids = new Set<string>();
  for await (const { name, kind, id } of session.entries([])) {
    if (kind !== 'directory' || !mayBeBucket(name)) continue;
    ids.add(id);
    const rules = await rulesOf(session, await session.versions.bucket(name));
    const active = rules.filter((rule) => rule.enabled);
    if (active.length === 0) continue;
    await run.bucket(name, active);
    await run.uploads(name, active);
  }
  for await (const id of configuredIds(session)) if (!ids.has(id)) await forgetBucket(session, id);
  return report;
}

/** The versions of a key that have been passed, the newest first. */
interface Passed {
  readonly key: string;
  readonly newest: VersionEntry;
  /** Since when, in milliseconds since 1970, what follows has not been the current version. */
  since: number;
  /** Older versions. */
  older: number;
  /** The oldest of all is a directory, which stays. */
  readonly directory: boolean;
}

class Run {
  readonly #session: ObjectSession;
  readonly #options: LifecycleOptions;
  readonly #report: LifecycleReport;
  readonly #now: number;

  constructor(session: ObjectSession, options: LifecycleOptions, report: LifecycleReport) {
    this.#session = session;
    this.#options = options;
    this.#report = report;
    this.#now = options.now ?? Date.now();
  }

  async bucket(bucket: string, rules: readonly Rule[]): Promise<void> {
    let passed: Passed | undefined;
    let directory: string | undefined;
    for await (const { key, entry } of walk(this.#session, bucket, '', { versions: true })) {
      this.#options.signal?.throwIfAborted();
      if (!isVersion(entry)) {
        if (entry.explicit) directory = key;
        continue;
      }
      if (passed?.key !== key) {
        await this.#leave(bucket, rules, passed);
        passed = { key, newest: entry, since: writtenAt(entry), older: 0, directory: directory === key };
        if (!entry.marker) await this.#current(bucket, rules, key, entry);
        continue;
      }
      passed.older++;
      await this.#older(bucket, rules, passed, entry);
      passed.since = writtenAt(entry);
    }
    await this.#leave(bucket, rules, passed);
  }

  async uploads(bucket: string, rules: readonly Rule[]): Promise<void> {
    const aborting = rules.filter((rule) => rule.abort !== undefined);
    if (aborting.length === 0) return;
    for await (const { id, key, started, ...upload } of openUploads(this.#session)) {
      this.#options.signal?.throwIfAborted();
      if (upload.bucket !== bucket) continue;
      const due = aborting.some(
        (rule) => matchesPrefix(rule, key) && this.#now >= dueAfter(started, rule.abort as number),
      );
      if (due) await this.#attempt('uploads', key, () => endUpload(this.#session, id));
    }
  }

  async #current(bucket: string, rules: readonly Rule[], key: string, entry: VersionEntry): Promise<void> {
    const expiry = firstExpiry(rules, key, entry);
    const place = placeOf(bucket, key);
    if (expiry === undefined || expiry.at > this.#now || place === undefined) return;
    await this.#attempt('objects', key, () =>
      this.#session.removeObject(place.path, { existing: BUCKET_ONLY, precondition: unchanged(entry) }),
    );
  }

  async #older(bucket: string, rules: readonly Rule[], passed: Passed, entry: VersionEntry): Promise<void> {
    const { key, since, older } = passed;
    const due = rules.some(({ noncurrent, ...rule }) => {
      if (noncurrent === undefined || older <= (noncurrent.newer ?? 0)) return false;
      return matches(rule, key, entry) && this.#now >= dueAfter(since, noncurrent.days);
    });
    if (!due || !(await this.#destroy('versions', bucket, key, entry))) return;
    // Counts no more: a marker before it may have nothing left behind it.
    passed.older--;
  }

  /** A marker goes when no version is left behind it. */
  async #leave(bucket: string, rules: readonly Rule[], passed: Passed | undefined): Promise<void> {
    if (passed === undefined || !passed.newest.marker || passed.older > 0 || passed.directory) return;
    const { key, newest } = passed;
    const due = rules.some((rule) => {
      const { expiration } = rule;
      if (expiration === undefined || !matches(rule, key, newest)) return false;
      if (expiration.markers !== undefined) return expiration.markers;
      const at = firstExpiry([rule], key, newest)?.at;
      return at !== undefined && at <= this.#now;
    });
    if (due) await this.#destroy('markers', bucket, key, newest);
  }

  async #destroy(
    what: 'versions' | 'markers',
    bucket: string,
    key: string,
    entry: VersionEntry,
  ): Promise<boolean> {
    const place = placeOf(bucket, key);
    if (place === undefined) return false;
    return this.#attempt(what, key, () =>
      this.#session.versions.remove(place.path, entry.versionId, {
        existing: BUCKET_ONLY,
        precondition: unchanged(entry),
      }),
    );
  }

  async #attempt(
    what: Exclude<keyof LifecycleReport, 'left'>,
    key: string,
    work: () => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await work();
      this.#report[what]++;
      return true;
    } catch (error) {
      if (isVaultError(error, 'closed')) throw error;
      this.#report.left++;
      if (!(error instanceof Changed) && !isVaultError(error, 'not-found', 'read-only'))
        this.#options.logger?.('warn', 'what is due could not be removed', { key, error });
      return false;
    }
  }
}

class Changed extends Error {}

function unchanged(entry: VersionEntry): (current: ObjectEntry | undefined) => void {
  return (current) => {
    if (current?.revision !== entry.revision) throw new Changed('changed meanwhile');
  };
}

function isVersion(entry: ObjectEntry): entry is VersionEntry {
  return 'place' in entry;
}
