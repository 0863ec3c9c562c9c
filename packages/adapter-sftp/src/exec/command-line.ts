/** The command line is not one that this server can understand. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const MAX_WORDS = 64;
const SPECIAL = new Set(['<', '>', '&', ';', '(', ')', '`', '\n']);

/**
 * Splits a command line as a POSIX shell would (section 2.2, quoting) into a pipeline of commands, each a list of
 * words. Variables are all unset. There is no other expansion, no redirection and no second command:
 * those throw {@link CommandLineError}. Nothing is ever handed to a real shell.
 */
export function parseCommandLine(line: string): readonly (readonly string[])[] {
  const pipeline: string[][] = [[]];
  let words = 0;
  let word: string | undefined;
  const endWord = (): void => {
    if (word === undefined) return;
    words += 1;
    if (words > MAX_WORDS) throw new CommandLineError('the command line has too many words');
    pipeline.at(-1)?.push(word);
    word = undefined;
  };
  let at = 0;
  while (at < line.length) {
    const character = line[at] ?? '';
    if (character === ' ' || character === '\t') {
      endWord();
      at += 1;
    } else if (character === '|') {
      endWord();
      pipeline.push([]);
      at += 1;
    } else if (SPECIAL.has(character)) {
      throw new CommandLineError('the command line has shell syntax that is not supported');
    } else {
      const [text, next] = piece(line, at);
      // An unquoted variable that is unset makes no word at all.
      if (text !== '' || character !== '$') word = (word ?? '') + text;
      at = next;
    }
  }
  endWord();
  if (pipeline.some((command) => command.length === 0))
    throw new CommandLineError('the command line lacks a command');
  return pipeline;
}

/** The text of the quoted or plain piece that begins at `at`, and where the next begins. */
function piece(line: string, at: number): [text: string, next: number] {
  const character = line[at] ?? '';
  if (character === "'") {
    const end = line.indexOf("'", at + 1);
    if (end < 0) throw new CommandLineError('a quote is not closed');
    return [line.slice(at + 1, end), end + 1];
  }
  if (character === '"') return doubleQuoted(line, at + 1);
  if (character === '\\') {
    if (at + 1 >= line.length) throw new CommandLineError('the command line ends with a backslash');
    return [line.charAt(at + 1), at + 2];
  }
  if (character === '$') return variable(line, at);
  return [character, at + 1];
}

function doubleQuoted(line: string, start: number): [text: string, next: number] {
  let text = '';
  let at = start;
  while (at < line.length) {
    const character = line.charAt(at);
    if (character === '"') return [text, at + 1];
    if (character === '`')
      throw new CommandLineError('the command line has shell syntax that is not supported');
    if (character === '\\' && '$`"\\'.includes(line.charAt(at + 1)) && at + 1 < line.length) {
      text += line.charAt(at + 1);
      at += 2;
    } else if (character === '$') {
      const [, next] = variable(line, at);
      if (next === at + 1) text += '$';
      at = next;
    } else {
      text += character;
      at += 1;
    }
  }
  throw new CommandLineError('a quote is not closed');
}

/** Passes over a variable, which is unset. A dollar sign before anything else stands for itself. */
function variable(line: string, at: number): [text: string, next: number] {
  const rest = line.slice(at);
  const match = /^\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})/.exec(rest);
  if (match !== null) return ['', at + match[0].length];
  if (rest.startsWith('${') || rest.startsWith('$(')) {
    throw new CommandLineError('the command line has shell syntax that is not supported');
  }
  return ['$', at + 1];
}
