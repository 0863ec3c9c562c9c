// What the program that makes the bucket and the one that lists it have in common.

export const SETTINGS = { cacheBytes: 8 * 1024 * 1024, transferBytes: 8 * 1024 * 1024 };

/** Of a file in a directory or in the bucket itself. @param {number} index */
export function flatName(index) {
  return `flat-${String(index).padStart(8, '0')}`;
}

/** Of a directory. @param {number} index */
export function treeName(index) {
  return String(index).padStart(4, '0');
}
