/** The parts of ftp-srv 4.6.3 that this package uses. Its own declarations do not cover its modules. */

declare module 'ftp-srv/src/index.js' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:net';

  interface ShellLog {
    child(fields: object): ShellLog;
    trace(...parts: unknown[]): void;
    debug(...parts: unknown[]): void;
    info(...parts: unknown[]): void;
    warn(...parts: unknown[]): void;
    error(...parts: unknown[]): void;
  }

  class FtpServerShell extends EventEmitter {
    constructor(options: { readonly log: ShellLog; readonly url: string });
    server: Server;
    connections: Record<string, unknown>;
    log: ShellLog;
    listen(): Promise<unknown>;
  }
  namespace FtpServerShell {
    export type { ShellLog };
  }
  export = FtpServerShell;
}

declare module 'ftp-srv/src/connection.js' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';
  import type FtpServerShell from 'ftp-srv/src/index.js';

  class FtpConnectionShell extends EventEmitter {
    constructor(
      server: FtpServerShell,
      options: { readonly log: FtpServerShell.ShellLog; readonly socket: Socket },
    );
    readonly id: string;
    commandSocket: Socket;
    authenticated?: boolean;
    /** What a `login` listener of the server handed over. */
    fs?: unknown;
    _handleData(data: Buffer): unknown;
    login(username: string, password: string): Promise<void>;
  }
  export = FtpConnectionShell;
}

declare module 'ftp-srv/src/commands/registry.js' {
  interface ShellCommand {
    readonly handler: (
      this: unknown,
      call: { readonly command: { readonly directive: string; readonly arg: string | null } },
    ) => unknown;
  }
  const registry: Readonly<Record<string, ShellCommand>>;
  export = registry;
}

declare module 'ftp-srv/src/messages.js' {
  const messages: Readonly<Record<number, string>>;
  export = messages;
}
