// Starting and ending server processes on loopback.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

/** A port of loopback that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

function answers(/** @type {number} */ port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * Starts a program and resolves once it accepts connections at `port`. Its output is kept for the error message
 * of a program that ends before that. `stop()` ends it and waits; `kill()` does so without asking.
 * @param {string} command
 * @param {string[]} args
 * @param {{ port: number, cwd?: string, env?: Record<string, string | undefined>, limitMs?: number }} options
 */
export async function startListening(command, args, { port, cwd, env, limitMs = 60_000 }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let ended = false;
  const keep = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exit = new Promise((resolve) => {
    child.on('error', (error) => resolve(void keep(Buffer.from(error.message))));
    child.on('exit', resolve);
  }).then(() => {
    ended = true;
  });
  const end = async (/** @type {NodeJS.Signals} */ signal) => {
    if (!ended) child.kill(signal);
    const reluctant = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exit;
    clearTimeout(reluctant);
  };
  for (const deadline = Date.now() + limitMs; !(await answers(port)); ) {
    if (ended || Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(`${command} did not listen at port ${port}: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    pid: child.pid ?? 0,
    /** What it has printed lately. @returns {string} */
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
