/** An address without the prefix of IPv4 in IPv6 (`::ffff:`), so that one host has one address. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** The network that an address is counted under: IPv4 itself, IPv6 its /64, because one host has all of that. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const bare = plain.split('%')[0] ?? '';
  const [head = '', tail = ''] = bare.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = bare.includes('::')
    ? Array<string>(Math.max(8 - front.length - back.length, 0)).fill('0')
    : [];
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}

/** Whether the address is the machine's own. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === '::1' || plain.startsWith('127.');
}
