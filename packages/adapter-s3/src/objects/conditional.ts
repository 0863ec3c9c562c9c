import type { ObjectEntry, ObjectSession, Precondition } from '@latchkey/vault';
import { directoryAt, fileAt, type Place } from './keys.js';

/*
 * The object of a key that ends with a slash is its content or, without, a directory. A commit sees one of them; of the other
 * a condition on the key knows what stood there when the request came.
 */

/** Conditions for the commits of a request about one key. */
export interface Conditions {
  /** For a commit that writes or removes content. */
  readonly file: Precondition;
  /** For one that makes a directory stay, or not stay. */
  readonly directory: Precondition;
  /** What stands there now. */
  readonly now: { readonly file: ObjectEntry | undefined; readonly directory: ObjectEntry | undefined };
}

/** Throws what the condition throws of what stands there now. */
export async function conditionsAt(
  session: ObjectSession,
  place: Place,
  condition: Precondition,
): Promise<Conditions> {
  const file = await fileAt(session, place);
  const directory = await directoryAt(session, place);
  condition(file ?? directory);
  return {
    file: (current) => condition(current ?? directory),
    directory: (current) => condition(file ?? current),
    now: { file, directory },
  };
}

/** The condition for a commit that writes content. */
export async function fileCondition(
  session: ObjectSession,
  place: Place,
  condition: Precondition,
): Promise<Precondition> {
  return place.marker ? (await conditionsAt(session, place, condition)).file : condition;
}
