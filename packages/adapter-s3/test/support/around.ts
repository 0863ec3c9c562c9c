import type { ObjectSession } from '@latchkey/vault';

/** The session with another method of one name. It is asked for at each use and may be the old one. */
export function around<K extends keyof ObjectSession>(
  session: ObjectSession,
  name: K,
  other: (target: ObjectSession) => ObjectSession[K] | undefined,
): ObjectSession {
  return new Proxy(session, {
    get(target, asked) {
      const member: unknown = Reflect.get(target, asked, target);
      const replaced = asked === name ? other(target) : undefined;
      if (replaced !== undefined) return replaced;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
