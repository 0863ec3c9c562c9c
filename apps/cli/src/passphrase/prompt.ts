import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { Failure } from '../failure.js';

const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const CLEAR_LINE = '\u0015';

/**
 * Asks at the terminal, without showing what is typed. It talks to `/dev/tty`, so that it works while standard input
 * and output carry data. Returns undefined when there is no terminal.
 */
export async function askHidden(question: string): Promise<string | undefined> {
  let descriptor: number;
  try {
    descriptor = openSync('/dev/tty', 'r+');
  } catch {
    return undefined;
  }
  const writer = openSync('/dev/tty', 'w');
  const reader = new ReadStream(descriptor);
  try {
    // Raw mode before the question: what is typed between the two would otherwise be shown.
    reader.setRawMode(true);
    writeSync(writer, question);
    return await readLine(reader);
  } finally {
    reader.setRawMode(false);
    writeSync(writer, '\n');
    reader.destroy();
    closeSync(writer);
  }
}

function readLine(reader: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    reader.setEncoding('utf8');
    reader.on('error', reject);
    reader.on('end', () => reject(new Failure('passphrase', 'nothing was typed')));
    reader.on('data', (chunk) => {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n') return resolve(typed.join(''));
        if (key === INTERRUPT) return reject(new Failure('interrupted', 'stopped'));
        if (key === END_OF_INPUT && typed.length === 0)
          return reject(new Failure('passphrase', 'nothing was typed'));
        if (key === '\u007f' || key === '\b') typed.pop();
        else if (key === CLEAR_LINE) typed = [];
        else if (key >= ' ') typed.push(key);
      }
    });
  });
}
