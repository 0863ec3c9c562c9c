import { COLLECTION } from './cases-of-collection.js';
import { DIRECTORIES } from './cases-of-directories.js';
import { FILES } from './cases-of-files.js';
import { MOVES } from './cases-of-moves.js';
import { SHARING } from './cases-of-sharing.js';

/** Two actors (and at times a third) with what may go wrong. Every one is explored to the end. */
export const CASES = { ...FILES, ...DIRECTORIES, ...MOVES, ...SHARING, ...COLLECTION };

export type CaseName = keyof typeof CASES;
