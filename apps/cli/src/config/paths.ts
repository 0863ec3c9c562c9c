import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Resolves `~/` and relative paths. */
export function resolvePath(path: string, base: string): string {
  if (path === '~') return homedir();
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : resolve(base, path);
}
