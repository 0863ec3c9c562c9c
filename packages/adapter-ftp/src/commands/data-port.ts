import { isIP, isIPv4 } from 'node:net';
import { isLoopback, plainAddress } from '@latchkey/server-guard';
import { type Reply, reply } from '../control/replies.js';
import type { Session } from '../session/session.js';
import type { CommandTable } from './command.js';

/** Ports below are services' own: a connection to one is not a client's (RFC 2577, section 3). */
const MIN_CLIENT_PORT = 1024;

/** Prepares an active connection if the address is the client's own: others would make this server attack them. */
function prepareActive(session: Session, address: string, port: number): Reply {
  if (session.server.options.activeMode === false) return reply(502, 'active mode is off: use PASV or EPSV');
  if (session.extendedPassiveOnly) return reply(503, 'EPSV ALL was said');
  if (plainAddress(address) !== session.control.peer)
    return reply(504, 'data connections go to the address of the control connection only');
  if (port < MIN_CLIENT_PORT || port > 65_535)
    return reply(504, `data connections go to ports from ${MIN_CLIENT_PORT} only`);
  session.data.active(port);
  return reply(200, 'the data connection will be opened to this port');
}

function announcedAddress(session: Session): string {
  const { peer, local } = session.control;
  const external = session.server.options.passive?.externalAddress;
  return external === undefined || isLoopback(peer) ? local : external;
}

export const DATA_PORT_COMMANDS: CommandTable = {
  PASV: {
    argument: 'none',
    syntax: '',
    help: 'open a port for a data connection',
    async run(session) {
      if (session.extendedPassiveOnly) return reply(503, 'EPSV ALL was said');
      const address = announcedAddress(session);
      if (!isIPv4(address)) return reply(425, 'PASV has no words for IPv6: use EPSV');
      const port = await session.data.passive();
      const numbers = [...address.split('.'), port >> 8, port & 0xff].join(',');
      return reply(227, `entering passive mode (${numbers})`);
    },
  },
  EPSV: {
    argument: 'optional',
    syntax: '[1 | 2 | ALL]',
    help: 'open a port for a data connection (RFC 2428)',
    async run(session, argument) {
      const wanted = argument.trim().toUpperCase();
      if (wanted === 'ALL') {
        session.extendedPassiveOnly = true;
        return reply(200, 'only EPSV from here on');
      }
      if (wanted !== '' && !/^\d{1,5}$/.test(wanted)) return reply(501, 'this is no address family');
      const family = isIPv4(session.control.local) ? '1' : '2';
      if (wanted !== '' && wanted !== family)
        return reply(522, `this connection has addresses of family ${family}, use (${family})`);
      const port = await session.data.passive();
      return reply(229, `entering extended passive mode (|||${port}|)`);
    },
  },
  PORT: {
    argument: 'required',
    syntax: 'h1,h2,h3,h4,p1,p2',
    help: 'the client listens here',
    run(session, argument) {
      const numbers = argument.trim().split(',');
      if (numbers.length !== 6 || !numbers.every((text) => /^\d{1,3}$/.test(text) && Number(text) < 256))
        return reply(501, 'six numbers from 0 to 255 are wanted');
      const [high = 0, low = 0] = numbers.slice(4).map(Number);
      return prepareActive(session, numbers.slice(0, 4).map(Number).join('.'), high * 256 + low);
    },
  },
  EPRT: {
    argument: 'required',
    syntax: '|family|address|port|',
    help: 'the client listens here (RFC 2428)',
    run(session, argument) {
      const text = argument.trim();
      const mark = text[0] ?? '';
      const fields = text.split(mark);
      const [, family = '', address = '', port = ''] = fields;
      // The mark is any printable ASCII character (RFC 2428, section 2).
      if (
        !/^[!-~]$/.test(mark) ||
        fields.length !== 5 ||
        !/^\d{1,5}$/.test(port) ||
        !/^\d{1,5}$/.test(family)
      )
        return reply(501, 'this is no |family|address|port|');
      if (family !== '1' && family !== '2') return reply(522, 'this address family is not known, use (1,2)');
      if (isIP(address) !== (family === '1' ? 4 : 6)) return reply(501, 'this is no address of that family');
      return prepareActive(session, canonical(address), Number(port));
    },
  },
};

/** IPv6 in the one form that sockets report. */
function canonical(address: string): string {
  if (isIPv4(address)) return address;
  const bare = address.split('%')[0] ?? '';
  return plainIfMapped(new URL(`http://[${bare}]/`).hostname.slice(1, -1));
}

/** `::ffff:7f00:1`, as URLs have it, is `127.0.0.1`. */
function plainIfMapped(address: string): string {
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (match === null) return address;
  const value = Number.parseInt(match[1] ?? '', 16) * 65_536 + Number.parseInt(match[2] ?? '', 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
