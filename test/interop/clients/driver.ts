import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const FOLDER = path.dirname(fileURLToPath(import.meta.url));

/** A process of an interpreter that performs operations of a library: one JSON request a line, one JSON answer a line. */
export interface Driver {
  /** One request. Rejects with the error that the library raised. */
  command(name: string, ...args: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts the driver in `script`, a file beside this one, with Python. */
export function startDriver(python: string, script: string): Driver {
  return startScript(python, ['-W', 'ignore', path.join(FOLDER, script)]);
}

/** Starts a driver: an interpreter with `args`, the last of which is the script. */
export function startScript(
  interpreter: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Driver {
  const script = path.basename(args.at(-1) ?? interpreter);
  const child = spawn(interpreter, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: ((line: string | undefined) => void)[] = [];
  const answers = createInterface({ input: child.stdout });
  answers.on('line', (line) => waiting.shift()?.(line));
  answers.on('close', () => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    command: async (name, ...args) => {
      const line = await new Promise<string | undefined>((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify({ do: name, with: args })}\n`);
      });
      if (line === undefined) throw new Error(`${script} ended during ${name}`);
      const answer = JSON.parse(line) as { value?: unknown; error?: string };
      if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
      return answer.value;
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
