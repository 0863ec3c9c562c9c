export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes one event. `details` may hold text from the network: make it printable before a person sees it. */
export type Logger = (level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;
