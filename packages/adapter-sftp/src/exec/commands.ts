import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type DigestName, resolveLinks, type VaultSession } from '@latchkey/vault';
import { statusOf } from '../errors.js';
import { splitPath } from '../paths.js';

/** What a command reads and where it writes. */
export interface CommandStreams {
  readonly input: AsyncIterable<Uint8Array>;
  output(text: string): void;
  complain(text: string): void;
}

/** Runs with the words behind its name; the result is the exit status. */
export type Command = (
  vault: VaultSession,
  words: readonly string[],
  streams: CommandStreams,
) => Promise<number>;

/** The digest of a stream. `crc32` of node:zlib is younger than Node 20.15, which package.json excludes. */
async function streamDigest(algorithm: DigestName, input: AsyncIterable<Uint8Array>): Promise<string> {
  if (algorithm === 'crc32') {
    let sum = 0;
    for await (const chunk of input) sum = crc32(chunk, sum);
    return sum.toString(16).padStart(8, '0');
  }
  const hash = createHash(algorithm);
  for await (const chunk of input) hash.update(chunk);
  return hash.digest('hex');
}

/** A line of `md5sum` and its kin. GNU marks a name with escaped characters by a backslash before the digest. */
function digestLine(digest: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === name ? '' : '\\'}${digest}  ${escaped}\n`;
}

function digestCommand(algorithm: DigestName): Command {
  return async (vault, words, streams) => {
    const names = operands(words);
    let status = 0;
    for (const name of names.length === 0 ? ['-'] : names) {
      if (name === '-') {
        streams.output(digestLine(await streamDigest(algorithm, streams.input), '-'));
        continue;
      }
      try {
        const path = await resolveLinks(vault, splitPath(name), true);
        streams.output(digestLine(await vault.digest(path, algorithm), name));
      } catch (error) {
        streams.complain(`${name}: ${statusOf(error).message}`);
        status = 1;
      }
    }
    return status;
  };
}

/** What is left without options: those of the digest commands and of `df` change nothing here. */
function operands(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  const before = (end < 0 ? words : words.slice(0, end)).filter(
    (word) => word === '-' || !word.startsWith('-'),
  );
  return end < 0 ? before : [...before, ...words.slice(end + 1)];
}

const echo: Command = async (_vault, words, streams) => {
  const bare = words[0] === '-n';
  streams.output(`${(bare ? words.slice(1) : words).join(' ')}${bare ? '' : '\n'}`);
  return 0;
};

const pwd: Command = async (_vault, _words, streams) => {
  streams.output('/\n');
  return 0;
};

/** As `df -k` and `df -P`: blocks of 1024 bytes. */
const df: Command = async (vault, _words, streams) => {
  const { total, available } = await vault.space();
  if (total === undefined || available === undefined) {
    streams.complain('the store cannot tell its free space');
    return 1;
  }
  const blocks = Math.floor(total / 1024);
  const free = Math.floor(available / 1024);
  const percent = total === 0 ? 0 : Math.ceil(((total - available) / total) * 100);
  streams.output('Filesystem 1024-blocks Used Available Capacity Mounted on\n');
  streams.output(`latchkey ${blocks} ${blocks - free} ${free} ${percent}% /\n`);
  return 0;
};

/** Every command served. Nothing is run but these. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['md5sum', digestCommand('md5')],
  ['sha1sum', digestCommand('sha1')],
  ['sha256sum', digestCommand('sha256')],
  ['crc32', digestCommand('crc32')],
  ['echo', echo],
  ['pwd', pwd],
  ['df', df],
]);
