import { readFileSync } from 'node:fs';

/** The version of this program, from its package. */
export function programVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The version of the vault format that this program reads and writes (docs/format.md). */
export const VAULT_FORMAT = 1;
