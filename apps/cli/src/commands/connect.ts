import type { Command } from 'commander';
import { oneOf } from '../config/settings.js';
import {
  CLIENT_NAMES,
  type ClientName,
  describeClient,
  type Protocol,
  protocolsOf,
} from '../connect/clients.js';
import type { EndpointFlags } from '../connect/find-endpoint.js';
import { Failure } from '../failure.js';
import { emitJson, emitLine, note } from '../terminal/output.js';
import { quiet, settingsOf } from './invocation.js';

interface Options extends EndpointFlags {
  readonly ftp?: boolean;
  readonly s3?: boolean;
  readonly json?: boolean;
}

export function addConnect(program: Command): void {
  program
    .command('connect')
    .description('print ready-made settings for a client of `latchkey serve`')
    .argument('<client>', CLIENT_NAMES.join(', '))
    .option('--ftp', 'over FTP with TLS, for clients that speak SFTP as well')
    .option('--s3', 'over S3, for clients that speak SFTP or FTP as well')
    .option('--host <name>', 'the server, as the client reaches it')
    .option('--port <number>', 'of the server')
    .option('--user <name>', 'to log in as (default: the first user of latchkey.toml)')
    .option('--identity <file>', 'private key to log in with')
    .option('--access-key <id>', 'key for S3 (default: the oldest one of the user)')
    .option('--json', 'print JSON')
    .action(async (name: string, options: Options, command: Command) => {
      const client = oneOf(name, CLIENT_NAMES, 'the client') ?? 'openssh';
      const protocol = protocolOf(client, options);
      const needsUser = client !== 'known-hosts' && client !== 'certificate';
      const { findEndpoint } = await import('../connect/find-endpoint.js');
      const endpoint = await findEndpoint(protocol, options, await settingsOf(command), needsUser);
      if (client === 'known-hosts' && endpoint.hostKey === undefined) throw notYet('host key');
      if (client === 'certificate' && endpoint.certificate === undefined) throw notYet('certificate');
      const { settings, steps } = describeClient(client, protocol, endpoint);
      const { given: _, ...known } = endpoint;
      if (options.json) return emitJson({ client, protocol, ...known, settings, steps });
      await emitLine(settings);
      if (!quiet(command)) for (const step of steps) note(`hint: ${step}`);
    });
}

function protocolOf(client: ClientName, { ftp, s3 }: Options): Protocol {
  if (ftp === true && s3 === true) throw new Failure('usage', 'give either --ftp or --s3');
  const spoken = protocolsOf(client);
  const asked = ftp === true ? 'ftp' : s3 === true ? 's3' : undefined;
  if (asked !== undefined && !spoken.includes(asked))
    throw new Failure('usage', `${client} does not speak ${asked.toUpperCase()}`);
  return asked ?? spoken[0] ?? 'sftp';
}

function notYet(what: string): Failure {
  return new Failure('not-found', `there is no ${what} yet`, {
    hint: '`latchkey serve` makes one when it first runs',
  });
}
