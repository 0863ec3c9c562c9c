import { commit, type Place, readHead } from './commit.js';
import type { Context } from './context.js';
import { dropped, replaced } from './files.js';
import { dropEntry, type FileRecord, listReachesBack, next, noteDropped, setEntry } from './head.js';
import { refusal } from './moves.js';
import { type Directory, resolveDirectory, split } from './resolve.js';
import type { Actor } from './world.js';

/** Writes a record that carries old references. They are committed within the operation limit of `since`, or not. */
function* insert(
  context: Context,
  target: Directory,
  name: string,
  record: FileRecord,
  operation: string,
  since: number,
): Actor<string> {
  const by = context.rules.operationLimit ? { by: since + context.limits.operationLimit } : {};
  const inserted = yield* commit(context, target, operation, function* (head, now) {
    const refused = yield* refusal(context, head.entries[`${name}/`], 'is-a-directory');
    if (refused !== undefined) return { fail: refused };
    return { head: replaced(context, head, now, name, record, operation), value: head.entries[name], ...by };
  });
  if (!inserted.ok) return inserted.error;
  dropped(context, inserted.value, inserted.now);
  return 'ok';
}

/** Copy: from the moment the source is marked shared, no releaser touches its segments. */
export function* copy(context: Context, from: string, to: string): Actor<string> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const source = yield* resolveDirectory(context, split(from).parent, context.knows('from', attempt));
    if (!source.ok) return source.error;
    const target = yield* resolveDirectory(context, split(to).parent);
    if (!target.ok) return target.error;
    const { name } = split(from);
    const operation = context.fresh('share');
    let since = 0;
    let record: FileRecord | undefined;
    const shared = yield* commit(context, source.directory, operation, (head, now) => {
      const found = head.entries[name];
      if (found?.kind !== 'file') return { fail: 'not-found' };
      since = now;
      record = found;
      if (found.shared || !context.rules.copySharesFirst) return { fail: 'no need' };
      // The content stays what it was, so a mark stays, too: the move it belongs to goes on.
      const entries = setEntry(head.entries, name, { ...found, shared: true });
      return { head: next(head, operation, context.limits.window, { entries }), value: null };
    });
    if (!shared.ok && shared.error === 'gone') continue;
    if (!shared.ok && shared.error !== 'no need') return shared.error;
    const taken: FileRecord = { kind: 'file', segments: record?.segments ?? [], shared: true };
    const result = yield* insert(
      context,
      target.directory,
      split(to).name,
      taken,
      context.fresh('copy'),
      since,
    );
    if (result !== 'gone' && result !== 'expired') return result;
  }
  return 'conflict';
}

/** Rule 7: mark the source, insert in the target with the same id, remove from the source. */
export function* moveFile(context: Context, from: string, to: string): Actor<string> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const source = yield* resolveDirectory(context, split(from).parent, context.knows('from', attempt));
    if (!source.ok) return source.error;
    const target = yield* resolveDirectory(context, split(to).parent);
    if (!target.ok) return target.error;
    const operation = context.fresh('carry');
    const { name } = split(from);
    const { uid } = target.directory;
    const newest = target.directory.seen.value.operations.at(-1) ?? null;
    const marked = yield* commit(context, source.directory, operation, (head) => {
      const record = head.entries[name];
      if (record?.kind !== 'file') return { fail: 'not-found' };
      const shared = record.shared || context.rules.moveSharesFirst;
      const entries = setEntry(head.entries, name, {
        ...record,
        shared,
        mark: { operation, target: uid, newest },
      });
      return { head: next(head, operation, context.limits.window, { entries }), value: record };
    });
    if (!marked.ok && marked.error === 'gone') continue;
    if (!marked.ok) return marked.error;
    const taken: FileRecord = {
      ...marked.value,
      shared: context.rules.moveSharesFirst || marked.value.shared,
    };
    const record: FileRecord = { kind: 'file', segments: taken.segments, shared: taken.shared };
    const result = yield* insert(context, target.directory, split(to).name, record, operation, marked.now);
    const place: Place = { uid: source.directory.uid, link: source.directory.link };
    if (result === 'unavailable') return result;
    yield* settleMark(context, place, name, operation, result === 'ok');
    if (result !== 'gone' && result !== 'expired') return result;
  }
  return 'conflict';
}

/** Removes a marked source, or only its mark. Any record but the marked one stays as it is. */
function* settleMark(
  context: Context,
  place: Place,
  name: string,
  operation: string,
  moved: boolean,
): Actor<void> {
  const settle = context.fresh('settle');
  const settled = yield* commit(context, place, settle, (head, now) => {
    const record = head.entries[name];
    if (record?.kind !== 'file' || record.mark?.operation !== operation) return { fail: 'changed' };
    const { mark: _mark, ...rest } = record;
    const shared = context.rules.healKeepsShared ? record.shared : false;
    const entries = moved ? dropEntry(head.entries, name) : setEntry(head.entries, name, { ...rest, shared });
    const notes = moved ? noteDropped(head, record, now) : head.notes;
    return {
      head: next(head, settle, context.limits.window, { entries, notes }),
      value: moved ? record : undefined,
    };
  });
  if (settled.ok) dropped(context, settled.value, settled.now);
}

/** Healing of a directory: what to do with a mark depends on what the target's head can prove. */
export function* healMarks(context: Context, uid: string): Actor<void> {
  const seen = yield* readHead(uid);
  if (seen === undefined) return;
  for (const [name, record] of Object.entries(seen.value.entries)) {
    if (record.kind !== 'file' || record.mark === undefined) continue;
    const { operation, target, newest } = record.mark;
    const head = (yield* readHead(target))?.value;
    if (head === undefined) continue;
    const known = head.operations.includes(operation) || !context.rules.healAsksTarget;
    const certain = listReachesBack(head, newest, context.limits.window) || !context.rules.windowCertainty;
    if (!known && !certain) continue;
    yield* settleMark(context, { uid, link: seen.value.link }, name, operation, known);
  }
}
