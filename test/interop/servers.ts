import { mkdirSync } from 'node:fs';
import { startSshd } from '../servers/sshd.mjs';
import { expectFinds, type Played } from './suite.js';
import { diskObserver } from './trees.js';

/** OpenSSH's server on a plain directory: the control of the script's expectations. */
export async function playSshd(place: string): Promise<Played> {
  const server = await startSshd(place);
  return {
    target: server,
    stored: diskObserver(),
    prepare: async (remote) => void mkdirSync(remote),
    checks: (needles) => [
      {
        title: 'names and contents are found in plain storage',
        check: () => expectFinds(server.storage, needles),
      },
    ],
    stop: server.stop,
  };
}
