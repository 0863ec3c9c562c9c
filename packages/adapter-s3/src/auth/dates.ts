let last: { readonly text: string; readonly time: number | undefined } = { text: '', time: undefined };

/** `YYYYMMDDTHHMMSSZ` as milliseconds since 1970; undefined when it is none. */
export function parseBasicDate(text: string): number | undefined {
  // Requests of the same second come one after the other.
  if (last.text !== text) last = { text, time: parse(text) };
  return last.time;
}

function parse(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  return basicDate(time) === text ? time : undefined;
}

export function basicDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** How far, in milliseconds, the date of a request may be from the server's clock. */
export const MAX_SKEW_MS: number = 15 * 60_000;
