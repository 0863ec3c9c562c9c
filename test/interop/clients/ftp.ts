import type { Target } from '../client.js';

/** How FTP is protected: not at all, with AUTH TLS, or TLS from the first byte. */
export type FtpSecurity = 'plain' | 'explicit' | 'implicit';

export interface FtpServerAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** PEM file to trust; undefined in clear. */
  readonly certificate: string | undefined;
}

/** Where a server speaks FTP in this way. Throws when it does not. */
export function ftpServer({ host, password, ftp }: Target, security: FtpSecurity): FtpServerAddress {
  const port = security === 'implicit' ? ftp?.implicitPort : ftp?.port;
  const certificate = security === 'plain' ? undefined : ftp?.certificate;
  if (port === undefined || password === undefined || (security !== 'plain' && certificate === undefined))
    throw new Error(`the server does not speak ${security} FTP`);
  return { host, port, password, certificate };
}

/** FTP has one command a line and one name a line of a listing. */
export function hasLineBreak(name: string): boolean {
  return /[\r\n]/.test(name);
}

/** Seconds since 1970 as MFMT takes them. */
export function ftpTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace(/\D/g, '');
}

/** What MDTM and the fact `modify` say, in seconds since 1970. */
export function secondsOf(time: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(time)?.map(Number) ?? [];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) / 1000;
}

/** One line of MLSD. */
export interface FactLine {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/** Lines of a machine listing, whatever else a client prints around them, without the directory itself. */
export function factLines(output: string): FactLine[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const match = /^((?:[\w.-]+=[^;]*;)+) (.*)$/.exec(line);
    if (match?.[2] === undefined) return [];
    const facts = new Map(
      (match[1] ?? '').split(';').map((fact) => {
        const [key = '', value = ''] = fact.split('=');
        return [key.toLowerCase(), value];
      }),
    );
    const type = facts.get('type');
    if (type === 'cdir' || type === 'pdir') return [];
    return [
      {
        name: match[2],
        directory: type === 'dir',
        size: Number(facts.get('size') ?? 0),
        modified: secondsOf(facts.get('modify') ?? ''),
      },
    ];
  });
}
