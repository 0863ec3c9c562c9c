import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { describeHostKey } from '@latchkey/adapter-sftp';
import type { Command } from 'commander';
import { parsePort } from '../config/ports.js';
import { oneOf, type Settings } from '../config/settings.js';
import {
  CLIENT_NAMES,
  type ClientName,
  describeClient,
  type Protocol,
  protocolsOf,
} from '../connect/clients.js';
import type { Endpoint } from '../connect/endpoint.js';
import { Failure } from '../failure.js';
import { certificatePath } from '../serve/ftp.js';
import { hostKeyPath } from '../serve/host-key.js';
import { emitJson, emitLine, note } from '../terminal/output.js';
import { quiet, settingsOf } from './invocation.js';

interface Options {
  readonly ftp?: boolean;
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly identity?: string;
  readonly json?: boolean;
}

export function addConnect(program: Command): void {
  program
    .command('connect')
    .description('print ready-made settings for a client of `latchkey serve`')
    .argument('<client>', CLIENT_NAMES.join(', '))
    .option('--ftp', 'over FTP with TLS, for clients that speak SFTP as well')
    .option('--host <name>', 'the server, as the client reaches it')
    .option('--port <number>', 'of the server')
    .option('--user <name>', 'to log in as (default: the first user of latchkey.toml)')
    .option('--identity <file>', 'private key to log in with')
    .option('--json', 'print JSON')
    .action(async (name: string, options: Options, command: Command) => {
      const client = oneOf(name, CLIENT_NAMES, 'the client') ?? 'openssh';
      const protocol = protocolOf(client, options);
      const needsUser = client !== 'known-hosts' && client !== 'certificate';
      const endpoint = await endpointOf(protocol, options, settingsOf(command), needsUser);
      if (client === 'known-hosts' && endpoint.hostKey === undefined) throw notYet('host key');
      if (client === 'certificate' && endpoint.certificate === undefined) throw notYet('certificate');
      const { settings, steps } = describeClient(client, protocol, endpoint);
      const { given: _, ...known } = endpoint;
      if (options.json) return emitJson({ client, protocol, ...known, settings, steps });
      await emitLine(settings);
      if (!quiet(command)) for (const step of steps) note(`hint: ${step}`);
    });
}

function protocolOf(client: ClientName, { ftp }: Options): Protocol {
  const spoken = protocolsOf(client);
  if (ftp === true && !spoken.includes('ftp')) throw new Failure('usage', `${client} does not speak FTP`);
  return ftp === true ? 'ftp' : (spoken[0] ?? 'sftp');
}

function notYet(what: string): Failure {
  return new Failure('not-found', `there is no ${what} yet`, {
    hint: '`latchkey serve` makes one when it first runs',
  });
}

async function endpointOf(
  protocol: Protocol,
  options: Options,
  settings: Settings,
  needsUser: boolean,
): Promise<Endpoint> {
  const user = options.user ?? settings.users[0]?.name ?? (process.env.USER || undefined);
  if (user === undefined && needsUser) {
    throw new Failure('usage', 'which user? none is given or configured', {
      hint: 'add --user NAME, the one that `latchkey serve` lets in',
    });
  }
  const server = protocol === 'ftp' ? settings.ftp : settings.sftp;
  const host = options.host ?? reachable(server.host);
  // Both end up in files and command lines of other programs.
  if (user !== undefined && !/^[A-Za-z0-9._@-]{1,64}$/.test(user))
    throw new Failure('usage', '--user has characters that no user name has');
  if (!/^[A-Za-z0-9._:%-]{1,255}$/.test(host))
    throw new Failure('usage', '--host is not a host name or address');
  if (options.identity !== undefined && /[\n\r"\0]/.test(options.identity)) {
    throw new Failure('usage', '--identity has characters that clients cannot take');
  }
  return {
    host,
    port: options.port === undefined ? server.port : parsePort(options.port, '--port'),
    user: user ?? '',
    given: givenFlags(options),
    hostKey: await publicHostKey(settings),
    identity: options.identity === undefined ? undefined : resolve(options.identity),
    clearText: settings.ftp.tls !== 'require',
    certificate: await ownCertificate(settings),
  };
}

/** What was given to this call and belongs to the next one as well. */
function givenFlags({ host, port }: Options): string {
  return `${host === undefined ? '' : ` --host ${host}`}${port === undefined ? '' : ` --port ${port}`}`;
}

/** A server that listens everywhere is reached by its name. */
function reachable(listening: string): string {
  return listening === '0.0.0.0' || listening === '::' ? hostname() : listening;
}

async function publicHostKey(settings: Settings): Promise<string | undefined> {
  try {
    return describeHostKey(await readFile(hostKeyPath(settings), 'utf8')).publicKey;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The certificate that the server signed itself, without the key that lies beside it. */
async function ownCertificate(settings: Settings): Promise<string | undefined> {
  if (settings.ftp.certificate !== undefined || settings.ftp.tls === 'off') return undefined;
  try {
    const file = await readFile(certificatePath(settings), 'utf8');
    return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(file)?.[0];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
