import { Failure } from '../failure.js';

/** Where a server wants to listen, and the flag that moves it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly flag: string;
}

/** Starts a server; what the system says against its place becomes an error that says what to do. */
export async function listenAt<T>({ host, port, flag }: Place, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const where = `port ${port} on ${host}`;
    if (code === 'EADDRINUSE') {
      throw new Failure('failed', `${where} is in use by another program`, {
        hint: `choose another with ${flag}`,
        cause: error,
      });
    }
    if (code === 'EACCES') {
      throw new Failure('failed', `${where} may not be used by this user`, {
        hint: `choose one above 1023 with ${flag}`,
        cause: error,
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Failure('failed', `${host} is not an address of this computer`, { cause: error });
    }
    throw error;
  }
}

/** A URL of a listening server, for people and programs. */
export function urlOf(scheme: string, { address, port }: { address: string; port: number }): string {
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
