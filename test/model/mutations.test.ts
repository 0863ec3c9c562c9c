import { describe, expect, it } from 'vitest';
import { CASES, type CaseName } from './cases.js';
import { type Case, expectCaught, expectSound } from './check.js';
import { runAlone } from './explorer.js';
import { type Rules, SOUND } from './rules.js';
import { OLD_SESSION, worldOf } from './scenario.js';
import { findProblem } from './tree.js';
import { gcOf } from './vocabulary.js';
import { type World, withoutKey } from './world.js';

const LOST = /is lost: alive, reachable from nowhere/;
const DANGLING = /refers to a deleted blob/;
const WRONG = /no order of the calls explains/;
const HEADLESS = /the head of directory .* is deleted/;

type Mutation = [rule: keyof Rules, found: CaseName, harm: RegExp, also?: Partial<Rules>];

/** For each rule: a case in which breaking it does harm, and the harm. `also`: a second line of defence that is off. */
const MUTATIONS: Mutation[] = [
  ['compareAndSwap', 'overwriters', DANGLING],
  ['operationIds', 'appenders', WRONG],
  ['windowCertainty', 'a short list of operations', WRONG],
  ['refusalsWaitForDoubt', 'slow copy against remove', WRONG],
  ['linkIds', 'move of a directory against put', WRONG],
  ['deadRefusesCommits', 'rmdir against put', WRONG],
  ['killBeforeUnlink', 'rmdir against put', LOST],
  ['unlinkByIdentity', 'rmdir against a put that makes parents', LOST],
  ['killChecksLink', 'move of a directory against its recursive remove', WRONG],
  ['movesTakeTurns', 'two directories into each other', LOST],
  ['ancestryCheck', 'a directory into itself', LOST],
  ['successorsFence', 'two directories into each other, deeper', LOST],
  ['fencesPassOn', 'two directories into each other, while a third mover dies', LOST],
  ['refusalIsFenced', 'two movers of one directory', LOST],
  ['arrivingCounts', 'move of a directory against mkdir of its new name', LOST],
  ['movesReadBeforeChild', 'move of a directory against cleaning', LOST],
  ['holdersLookAgain', 'two directories to one name', LOST],
  ['copySharesFirst', 'copy against overwrite', DANGLING],
  ['moveSharesFirst', 'move of a file against overwrite', DANGLING],
  ['healKeepsShared', 'move of a file against healing and overwrite', DANGLING],
  ['healAsksTarget', 'move of a file against append', WRONG],
  ['changesDropMark', 'move of a file against append', WRONG],
  ['appendRebases', 'appenders', WRONG],
  ['exclusiveChecks', 'exclusive creators', WRONG],
  ['keepHeadInDoubt', 'mkdirs with a short list of operations', HEADLESS],
  ['readerRestarts', 'a reader of two segments', WRONG],
  ['releaserSparesShared', 'overwrite of a shared file', DANGLING],
  ['operationLimit', 'gc against a slow copy and a remove', DANGLING],
  ['declareBeforeMark', 'gc against a suspended session', DANGLING],
  ['declareBySwap', 'gc against a suspended session', DANGLING],
  ['notesProtect', 'gc against a copy and a remove', DANGLING],
  ['notesAreFresh', 'gc against a slow copy and a remove', DANGLING],
  ['orphansProtect', 'gc against a copy out of a removed tree', DANGLING],
  ['gcYieldsToMoves', 'gc against a move of a directory', DANGLING, { orphansProtect: false }],
  ['removeOrphansLast', 'gc against a move of a directory that holds an empty one', HEADLESS],
  ['namedHeadsStay', 'gc after an unfinished rmdir', HEADLESS],
  ['onlyGcDeletesHeads', 'move of a directory against its rmdir', HEADLESS],
  ['proveEverySession', 'gc against a suspended session', DANGLING],
  ['renewBeforeCommit', 'gc against a suspended session', DANGLING, { promptSwaps: false }],
];

describe('a broken rule is caught', () => {
  it.each(MUTATIONS)('%s (%s)', (rule, found, harm, also = {}) => {
    expectCaught(CASES[found], { ...also, [rule]: false }, harm);
  });

  it('every rule is broken by one of these tests', () => {
    const elsewhere = ['unreadableStops', 'promptSwaps', 'lookAfterCommit', 'rewriteWhenDead'];
    expect([...MUTATIONS.map(([rule]) => rule), ...elsewhere].sort()).toEqual(Object.keys(SOUND).sort());
  });
});

describe('defences that stand alone', () => {
  it('a mark that yields to moves needs no listing of heads against them', () => {
    expectSound(CASES['gc against a move of a directory'], { orphansProtect: false });
  });

  it('an unreadable directory ends a run of gc before anything is deleted', () => {
    const whole = worldOf({ 'p/': [], 'p/d/': [], 'p/d/f': ['v1'] }, []);
    const hidden: World = { ...whole, registers: withoutKey(whole.registers, 'h/Dp/d') };
    /** gc while the head is out of reach, and then the head is back. */
    const afterwards = (rules: Rules): World => {
      const swept = runAlone(gcOf(OLD_SESSION), hidden, rules);
      return { ...swept, registers: whole.registers };
    };
    expect(findProblem(afterwards(SOUND), { mayDangle: false })).toBeUndefined();
    expect(findProblem(afterwards({ ...SOUND, unreadableStops: false }), { mayDangle: false })).toMatch(
      DANGLING,
    );
  });
});

/**
 * Where the clocks cannot be trusted between a look at them and the arrival of the swap, the look after the commit is
 * what is left. It saves the acknowledged write, not the version that was replaced if the session dies before it looks.
 */
describe('a session that is suspended between its look at the clock and its swap', () => {
  const given: Case = { ...CASES['gc against a suspended session'], crashes: 0, mayDangle: true };

  it('acknowledges nothing that is gone', () => {
    expectSound(given, { promptSwaps: false });
  });

  it('would without the look after the commit', () => {
    expectCaught(given, { promptSwaps: false, lookAfterCommit: false }, DANGLING);
  });

  it('would if it trusted blobs of a dead session because they are still there', () => {
    expectCaught(given, { promptSwaps: false, rewriteWhenDead: false }, DANGLING);
  });

  it('leaves a damaged file if it crashes then: the known limit', () => {
    expectCaught({ ...given, crashes: 1 }, { promptSwaps: false }, DANGLING);
  });
});
