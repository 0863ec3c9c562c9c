/**
 * Every rule that the model can break on purpose. The sound set follows docs/concurrency.md; each mutation test turns
 * one rule off and expects the explorer to find the harm. A rule nobody can see broken would be a rule nobody needs.
 */
export interface Rules {
  /** 2: after an unknown outcome the head is searched for the operation's id before anything is repeated. */
  readonly operationIds: boolean;
  /** 2: an id that may have left the list of operations is unknown, not absent. */
  readonly windowCertainty: boolean;
  /** 2: after an unknown outcome nothing is refused or begun anew while the doubtful swap may still arrive. */
  readonly refusalsWaitForDoubt: boolean;
  /** 1: a head changes by compare-and-swap only. */
  readonly compareAndSwap: boolean;
  /** 4: a directory record is valid only with the link id of the child's head. */
  readonly linkIds: boolean;
  /** 5: nothing is committed to a dead head. */
  readonly deadRefusesCommits: boolean;
  /** 5: rmdir kills the child's head first and removes the record second. */
  readonly killBeforeUnlink: boolean;
  /** 5: the record is removed only if it is still the one of the killed directory. */
  readonly unlinkByIdentity: boolean;
  /** 6: directories change parents only under `m`. */
  readonly movesTakeTurns: boolean;
  /** 6: a mover looks for itself among the ancestors of the target, holding `m`. */
  readonly ancestryCheck: boolean;
  /** 6: whoever takes `m` over swaps the head of the directory its predecessor was moving. */
  readonly successorsFence: boolean;
  /** 6: directories not fenced yet stand in `m` and pass on to the next successor. */
  readonly fencesPassOn: boolean;
  /** 6: a mover takes its arriving record back only after it has fenced its own relink. */
  readonly refusalIsFenced: boolean;
  /** 6: a record that leads nowhere is not written over or removed while a move is under way. */
  readonly arrivingCounts: boolean;
  /** 6: who judges such a record reads `m` before it reads the child. */
  readonly movesReadBeforeChild: boolean;
  /** 6: a mover that writes over such a record makes sure that `m` is still its own. */
  readonly holdersLookAgain: boolean;
  /** Copy: the source is marked shared before the target is written. */
  readonly copySharesFirst: boolean;
  /** 7: moving a file marks the source shared first. */
  readonly moveSharesFirst: boolean;
  /** 7: healing takes the mark away and leaves `shared` as it is. */
  readonly healKeepsShared: boolean;
  /** 7: any change to a marked record takes the mark away. */
  readonly changesDropMark: boolean;
  /** 7: healing removes a source only if the target's head knows the operation. */
  readonly healAsksTarget: boolean;
  /** 8: an append goes to the newest version, not to the one that was open. */
  readonly appendRebases: boolean;
  /** 8: an exclusive create looks at the head it replaces. */
  readonly exclusiveChecks: boolean;
  /** Reader: a missing blob means starting again from the newest record. */
  readonly readerRestarts: boolean;
  /** gc: sessions are declared dead before marking begins. */
  readonly declareBeforeMark: boolean;
  /** gc: sessions are declared dead by compare-and-swap, so that a renewal and a verdict exclude each other. */
  readonly declareBySwap: boolean;
  /** gc: release notes younger than the limit protect what they name. */
  readonly notesProtect: boolean;
  /** gc: a swap that leaves notes is sent while their date is fresh, or made anew. */
  readonly notesAreFresh: boolean;
  /** gc: `m` is free when the mark begins and untouched when it ends. */
  readonly gcYieldsToMoves: boolean;
  /** gc: what stands in heads that the tree does not lead to is marked. */
  readonly orphansProtect: boolean;
  /** gc: old orphans are deleted after it is known that no directory moved during the walk. */
  readonly removeOrphansLast: boolean;
  /** gc: a head that some record names is not deleted, dead or not: the record goes first. */
  readonly namedHeadsStay: boolean;
  /** gc: whoever removes a directory leaves its dead head to gc. */
  readonly onlyGcDeletesHeads: boolean;
  /** 5: a directory is killed only where it was found: the swap compares the link id. */
  readonly killChecksLink: boolean;
  /** 8: the head of a new directory is deleted only when its record certainly is not there. */
  readonly keepHeadInDoubt: boolean;
  /** gc: a directory that is missing or unreadable ends the run. */
  readonly unreadableStops: boolean;
  /** gc: old references are committed within the operation limit. */
  readonly operationLimit: boolean;
  /** Release: only unshared blobs are deleted by the releaser. */
  readonly releaserSparesShared: boolean;
  /** Lease: every session that wrote a blob of the file is proven, not only the newest. */
  readonly proveEverySession: boolean;
  /** Lease: a session that may have expired renews its lease before a commit. */
  readonly renewBeforeCommit: boolean;
  /** Lease: the clock is read just before the swap is sent (the assumption on pauses). */
  readonly promptSwaps: boolean;
  /** Lease: after a commit that took long, the lease is read before the commit is acknowledged. */
  readonly lookAfterCommit: boolean;
  /** Lease: what a dead session committed is written again; that it is still there proves nothing. */
  readonly rewriteWhenDead: boolean;
}

export const SOUND: Rules = {
  operationIds: true,
  windowCertainty: true,
  refusalsWaitForDoubt: true,
  compareAndSwap: true,
  linkIds: true,
  deadRefusesCommits: true,
  killBeforeUnlink: true,
  unlinkByIdentity: true,
  movesTakeTurns: true,
  ancestryCheck: true,
  successorsFence: true,
  fencesPassOn: true,
  refusalIsFenced: true,
  arrivingCounts: true,
  movesReadBeforeChild: true,
  holdersLookAgain: true,
  copySharesFirst: true,
  moveSharesFirst: true,
  healKeepsShared: true,
  changesDropMark: true,
  healAsksTarget: true,
  appendRebases: true,
  exclusiveChecks: true,
  readerRestarts: true,
  declareBeforeMark: true,
  declareBySwap: true,
  notesProtect: true,
  notesAreFresh: true,
  gcYieldsToMoves: true,
  orphansProtect: true,
  removeOrphansLast: true,
  namedHeadsStay: true,
  onlyGcDeletesHeads: true,
  killChecksLink: true,
  keepHeadInDoubt: true,
  unreadableStops: true,
  operationLimit: true,
  releaserSparesShared: true,
  proveEverySession: true,
  renewBeforeCommit: true,
  promptSwaps: true,
  lookAfterCommit: true,
  rewriteWhenDead: true,
};

/** Times in ticks of the model's clock. The proportions are those of the real limits, made small. */
export interface Limits {
  /** Operation ids that a head remembers (256 in the format). */
  readonly window: number;
  /** A lease not renewed for this long may be declared dead (24 h). */
  readonly lease: number;
  /** A session asks after its lease when this much has passed (a quarter of it). */
  readonly quarter: number;
  /** Release notes protect for this long (24 h). More than markLimit + operationLimit. */
  readonly noteAge: number;
  /** A mark that takes longer is given up (12 h). */
  readonly markLimit: number;
  /** An operation commits old references within this time (15 min). */
  readonly operationLimit: number;
  /** How often the move of a directory is tried before it answers 'conflict'. */
  readonly moveAttempts: number;
  /** The releaser leaves readers this long (60 s to 1 h). */
  readonly grace: number;
}

export const LIMITS: Limits = {
  window: 16,
  lease: 2,
  quarter: 1,
  noteAge: 3,
  markLimit: 1,
  operationLimit: 1,
  moveAttempts: 1,
  grace: 1,
};
