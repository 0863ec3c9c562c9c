import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { S3Place } from '../../client.js';
import { type Driver, startScript } from '../../clients/driver.js';

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'encryption_client.rb');

/** Amazon's SDK for Ruby, connected. The driver's own commands are all there is. */
export function rubySdk(ruby: string, server: S3Place): Driver {
  const driver = startScript(ruby, ['-W0', SCRIPT]);
  const opened = driver.command('open', server);
  opened.catch(() => undefined);
  return {
    command: async (name, ...args) => {
      await opened;
      return driver.command(name, ...args);
    },
    close: () => driver.close(),
  };
}
