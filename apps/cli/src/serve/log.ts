import type { LogFormat, LogLevel } from '../config/settings.js';
import { errorColors } from '../terminal/colors.js';
import { printable } from '../terminal/printable.js';

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type Log = (level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;

/**
 * Writes one event a line to standard error: JSON for programs, text for people. What is logged is decided at each
 * call by naming fields; requests, passwords and keys are never passed in.
 */
export function makeLog(format: LogFormat, least: LogLevel): Log {
  const write = format === 'json' ? jsonLine : prettyLine;
  let readable = true;
  // A log that nobody reads any more must not end the server, nor be logged in turn.
  process.stderr.on('error', () => {
    readable = false;
  });
  return (level, message, details = {}) => {
    if (!readable || ORDER.indexOf(level) < ORDER.indexOf(least)) return;
    process.stderr.write(`${write(level, message, details)}\n`);
  };
}

function jsonLine(level: LogLevel, message: string, details: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(details).map(([key, value]) => [key, plain(value)] as const);
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...Object.fromEntries(fields) });
}

function prettyLine(level: LogLevel, message: string, details: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(details).map(([key, value]) => ` ${key}=${printable(inWords(plain(value)))}`);
  const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
  const line = `${time} ${level.padEnd(5)} ${printable(message)}${fields.join('')}`;
  return level === 'error' ? errorColors.red(line) : level === 'warn' ? errorColors.yellow(line) : line;
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Errors as code and message: their other properties may hold anything. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const code = 'code' in value && typeof value.code === 'string' ? { code: value.code } : {};
  return { ...code, message: value.message };
}
