import { S3Error } from '../errors.js';

/** What a policy leaves open and the server must see to. */
export interface PolicyBounds {
  readonly least: number;
  readonly most: number;
}

/** Fields that no condition has to mention (S3 API reference, "POST policy"). */
const FREE: ReadonlySet<string> = new Set(['file', 'policy', 'x-amz-signature']);

function denied(why: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${why}`);
}

/**
 * Checks the fields of a form, among them `bucket`, against the policy that was signed. Throws `AccessDenied` unless it
 * has not expired, every condition holds, and every field is mentioned by one.
 */
export function checkPolicy(encoded: string, fields: ReadonlyMap<string, string>, now: number): PolicyBounds {
  const { expiration, conditions } = parsePolicy(encoded);
  const until = Date.parse(expiration);
  if (!/^\d{4}-\d\d-\d\dT.*Z$/.test(expiration) || Number.isNaN(until)) throw denied('expiration');
  if (until <= now) throw denied('Policy expired.');
  const mentioned = new Set<string>();
  let bounds = { least: 0, most: Number.MAX_SAFE_INTEGER };
  for (const condition of conditions) {
    const [operator, subject, value] = normalised(condition);
    if (operator === 'content-length-range') {
      const [least, most] = [Number(subject), Number(value)];
      if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most)) throw denied('content-length-range');
      bounds = { least: Math.max(bounds.least, least), most: Math.min(bounds.most, most) };
      continue;
    }
    const name = String(subject).replace(/^\$/, '').toLowerCase();
    const given = fields.get(name) ?? '';
    const holds = operator === 'eq' ? given === value : given.startsWith(String(value));
    if (!holds) throw denied(`condition failed for ${name}`);
    mentioned.add(name);
  }
  for (const name of fields.keys())
    if (!mentioned.has(name) && !FREE.has(name) && !name.startsWith('x-ignore-'))
      throw denied(`extra input fields: ${name}`);
  return bounds;
}

function parsePolicy(encoded: string): { expiration: string; conditions: readonly unknown[] } {
  let policy: unknown;
  try {
    policy = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    throw denied('Invalid JSON.');
  }
  const { expiration, conditions } = (policy ?? {}) as { expiration?: unknown; conditions?: unknown };
  if (typeof expiration !== 'string' || !Array.isArray(conditions))
    throw denied('expiration or conditions missing');
  return { expiration, conditions };
}

/** A condition as operator, subject and value. `{"acl": "private"}` is short for `["eq", "$acl", "private"]`. */
function normalised(condition: unknown): [string, unknown, unknown] {
  if (Array.isArray(condition) && condition.length === 3) {
    const operator = String(condition[0]).toLowerCase();
    if (operator === 'content-length-range') return [operator, condition[1], condition[2]];
    if ((operator === 'eq' || operator === 'starts-with') && String(condition[1]).startsWith('$'))
      return [operator, condition[1], String(condition[2])];
  } else if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    const entries = Object.entries(condition);
    const [name, value] = entries[0] ?? [];
    if (entries.length === 1 && name !== undefined) return ['eq', `$${name}`, String(value)];
  }
  throw denied('a condition is not understood');
}
