import { CHANGES } from './changes.js';
import { FILES } from './files.js';
import { NAMED } from './names.js';
import type { Step } from './step.js';
import { TREES } from './trees.js';

/** The one list of operations that every client goes through. */
export const SCRIPT: readonly Step[] = [...FILES, ...CHANGES, ...TREES, ...NAMED];

/** Its part for a client that plays the whole of it over another protection of the same protocol. */
export const BRIEF: readonly Step[] = [...FILES, ...TREES];
