import { once } from 'node:events';
import type { Logger } from '@latchkey/server-guard';
import type { VaultSession } from '@latchkey/vault';
import type { ServerChannel } from 'ssh2';
import { printable, statusOf } from '../errors.js';
import { closeChannel } from '../session/sftp-session.js';
import { CommandLineError, parseCommandLine } from './command-line.js';
import { COMMANDS, type CommandStreams } from './commands.js';

/** Exit statuses as POSIX shells use them. */
const EXIT = { failure: 1, syntax: 2, notFound: 127 } as const;

/** Longest command line, in UTF-16 units. */
const MAX_COMMAND_LENGTH = 64 * 1024;

export const SHELL_MESSAGE = 'this server offers sftp only, no shell';
export const SCP_MESSAGE = 'the legacy scp protocol is not supported: use scp without -O, or sftp';

/** Runs one command line on a channel and ends the channel with its status. Never rejects. */
export async function runCommand(
  channel: ServerChannel,
  line: string,
  vault: VaultSession,
  log: Logger,
): Promise<void> {
  channel.on('error', () => {});
  let status: number = EXIT.failure;
  try {
    status = await runPipeline(channel, line, vault);
  } catch (error) {
    if (error instanceof CommandLineError) {
      complain(channel, error.message);
      status = EXIT.syntax;
    } else {
      const { message, unexpected } = statusOf(error);
      if (unexpected) log('error', 'a command failed unexpectedly', { error });
      complain(channel, message);
    }
  }
  closeChannel(channel, status);
  // Nobody reads what the client may still send; unread it would keep the channel from closing.
  channel.resume();
}

function complain(channel: ServerChannel, message: string): void {
  try {
    channel.stderr.write(`latchkey: ${printable(message)}\n`);
  } catch {
    // The connection is gone.
  }
}

async function runPipeline(channel: ServerChannel, line: string, vault: VaultSession): Promise<number> {
  if (line.length > MAX_COMMAND_LENGTH) throw new CommandLineError('the command line is too long');
  if (/^\s*(?:\S*\/)?scp(?:\s|$)/.test(line)) {
    // The byte 2 announces a fatal error in the protocol of scp: the client prints the line and gives up.
    channel.write(`\x02latchkey: ${SCP_MESSAGE}\n`);
    return EXIT.failure;
  }
  let input: AsyncIterable<Uint8Array> = channelInput(channel);
  let status = 0;
  let output = '';
  for (const [name = '', ...words] of parseCommandLine(line)) {
    const command = COMMANDS.get(name);
    if (command === undefined) {
      complain(channel, `${name}: command not found; ${SHELL_MESSAGE}`);
      return EXIT.notFound;
    }
    output = '';
    const streams: CommandStreams = {
      input,
      output: (text) => {
        output += text;
      },
      complain: (text) => complain(channel, `${name}: ${text}`),
    };
    status = await command(vault, words, streams);
    input = textInput(output);
  }
  if (output !== '' && !channel.write(output))
    await Promise.race([once(channel, 'drain'), once(channel, 'close')]);
  return status;
}

/** What the client sends until its end of input. A connection that is lost ends it too. */
async function* channelInput(channel: ServerChannel): AsyncGenerator<Uint8Array> {
  for await (const chunk of channel.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
}

async function* textInput(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
