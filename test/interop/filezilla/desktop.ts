import { type ChildProcess, spawn } from 'node:child_process';
import { run, succeed } from '../run.js';

export interface DesktopPrograms {
  readonly xvfb: string;
  readonly xdotool: string;
}

/** A screen that exists in memory only, with a keyboard. */
export class Desktop {
  /** What programs find it by. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #server: ChildProcess;
  readonly #xdotool: string;

  private constructor(server: ChildProcess, display: string, xdotool: string) {
    this.#server = server;
    this.#xdotool = xdotool;
    this.environment = { DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' };
  }

  /** Starts it under the next display number that is free. Rejects when Xvfb ends before it is ready. */
  static open({ xvfb, xdotool }: DesktopPrograms): Promise<Desktop> {
    const args = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset'];
    const server = spawn(xvfb, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    return new Promise((resolve, reject) => {
      let said = '';
      server.once('error', reject);
      server.once('exit', (status) => reject(new Error(`Xvfb ended with status ${status}`)));
      server.stdio[3]?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.endsWith('\n')) resolve(new Desktop(server, `:${said.trim()}`, xdotool));
      });
    });
  }

  /** Titles of the windows that are shown. */
  async windows(): Promise<string[]> {
    const args = ['search', '--onlyvisible', '--name', '.', 'getwindowname', '%@'];
    const { stdout } = await run(this.#xdotool, args, { env: this.environment });
    return stdout.split('\n').filter((title) => title !== '');
  }

  /** Presses keys at once, as `ctrl+p`, in the window that has the focus. */
  async press(keys: string): Promise<void> {
    await succeed(this.#xdotool, ['key', keys], { env: this.environment });
  }

  async close(): Promise<void> {
    if (this.#server.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#server.once('exit', resolve));
    this.#server.kill();
    await ended;
  }
}
