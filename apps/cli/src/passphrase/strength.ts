import { Failure } from '../failure.js';

/** Shortest passphrase that is taken without `--allow-weak`, in characters. */
export const MIN_PASSPHRASE_CHARACTERS = 12;

const FAMILIAR = [
  'password',
  'passphrase',
  'passwort',
  'latchkey',
  'qwerty',
  'letmein',
  'welcome',
  'admin',
  'secret',
  'iloveyou',
];

/**
 * What is wrong with a passphrase, or undefined. An attacker who has the store guesses offline, slowed only by
 * Argon2id, so this refuses what falls to a list or to patience; it does not promise that the rest is strong.
 */
export function weakness(passphrase: string): string | undefined {
  const text = passphrase.normalize('NFC');
  const characters = [...text];
  if (characters.length < MIN_PASSPHRASE_CHARACTERS) {
    return `it has fewer than ${MIN_PASSPHRASE_CHARACTERS} characters`;
  }
  if (new Set(characters).size < 6) return 'it repeats a few characters';
  if (/^\d+$/.test(text) && characters.length < 20) return 'it is only digits';
  if (isRun(characters)) return 'it is a run of neighbouring characters';
  const rest = FAMILIAR.reduce((left, word) => left.replaceAll(word, ''), text.toLowerCase());
  if ([...rest].length < 8) return 'most of it is a familiar word';
  return undefined;
}

/** `abcdefghijkl`, `987654321098`: nearly every step is one up or one down. */
function isRun(characters: readonly string[]): boolean {
  let steps = 0;
  for (let index = 1; index < characters.length; index += 1) {
    const step = (characters[index]?.codePointAt(0) ?? 0) - (characters[index - 1]?.codePointAt(0) ?? 0);
    if (Math.abs(step) === 1) steps += 1;
  }
  return steps >= characters.length - 3;
}

export function requireStrong(passphrase: string, allowWeak: boolean): void {
  const reason = weakness(passphrase);
  if (reason === undefined || allowWeak) return;
  throw new Failure('refused', `the passphrase is too weak: ${reason}`, {
    hint: 'five or more random words are easy to remember and hard to guess; --allow-weak takes it anyway',
  });
}
