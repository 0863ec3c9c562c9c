import FtpServerShell from 'ftp-srv/src/index.js';

/** Signals for which ftp-srv installs handlers that end the process. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** ftp-srv logs whole commands and replies; what is worth a line is logged by this package itself. */
export const SILENT_LOG: FtpServerShell.ShellLog = {
  child: () => SILENT_LOG,
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/**
 * ftp-srv's server without its signal handlers, which would end the whole process behind the back of the program that
 * embeds it, and without its connection handler: connections are made by this package.
 */
export function makeServerShell(host: string, port: number): FtpServerShell {
  const before = new Map(SIGNALS.map((signal) => [signal, new Set(process.rawListeners(signal))]));
  const named = host.includes(':') ? `[${host}]` : host;
  const shell = new FtpServerShell({ log: SILENT_LOG, url: `ftp://${named}:${port}` });
  for (const [signal, known] of before) {
    for (const listener of process.rawListeners(signal)) {
      if (!known.has(listener)) process.off(signal, listener as NodeJS.SignalsListener);
    }
  }
  shell.server.removeAllListeners('connection');
  return shell;
}
