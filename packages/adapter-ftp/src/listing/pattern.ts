/** Whether a name given to LIST or NLST is a pattern, as `mget *.txt` of old clients sends it. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/**
 * Whether `name` matches a pattern of `*` (any characters) and `?` (one). Takes at most the product of both lengths,
 * whatever the pattern.
 */
export function matches(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const given = [...name];
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < given.length; ) {
    const want = wanted[at];
    if (want === '*') {
      star = at++;
      from = index;
    } else if (want !== undefined && (want === '?' || want === given[index])) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      index = ++from;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
