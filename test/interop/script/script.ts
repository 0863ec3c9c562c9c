import { CHANGES } from './changes.js';
import { FILES } from './files.js';
import { EACH_NAME, NAMES_TOGETHER } from './names.js';
import type { Step } from './step.js';
import { TREES } from './trees.js';

/** The one list of operations that every client goes through. */
export const SCRIPT: readonly Step[] = [...FILES, ...CHANGES, ...TREES, ...EACH_NAME, NAMES_TOGETHER];

/** The same with all odd names in one step: most clients need a program and a login for each of the others. */
export const SHORT: readonly Step[] = [...FILES, ...CHANGES, ...TREES, NAMES_TOGETHER];

/** Its part for a client that plays the whole of it over another protection of the same protocol. */
export const BRIEF: readonly Step[] = [...FILES, ...TREES];
