import type { ObjectAttributes, ObjectEntry, ObjectSession, Retention } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import type { Headers } from '../http/headers.js';

const PREFIX = 'x-amz-object-lock-';

/** The lock that the headers of a write ask for (S3 user guide, "Locking objects with Object Lock"). */
export function lockOf(headers: Headers): Pick<ObjectAttributes, 'retention' | 'legalHold'> {
  const [mode, until, hold] = ['mode', 'retain-until-date', 'legal-hold'].map((name) =>
    headers.get(PREFIX + name),
  );
  if ((mode === undefined) !== (until === undefined))
    throw new S3Error(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  return {
    ...(mode === undefined || until === undefined ? {} : { retention: retentionOf(mode, until) }),
    ...(hold === undefined ? {} : { legalHold: holdOf(hold, 'InvalidArgument') }),
  };
}

/** Throws `InvalidArgument` for what is no retention or has ended already. */
export function retentionOf(mode: string, until: string): Retention {
  const time = /^\d{4}-\d\d-\d\dT/.test(until) ? Date.parse(until) : Number.NaN;
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw new S3Error('InvalidArgument', 'Unknown wormMode directive.');
  if (Number.isNaN(time))
    throw new S3Error('InvalidArgument', 'The retain until date must be provided in ISO 8601 format');
  if (time <= Date.now())
    throw new S3Error('InvalidArgument', 'The retain until date must be in the future!');
  return { mode: mode === 'GOVERNANCE' ? 'governance' : 'compliance', until: Math.ceil(time / 1000) };
}

export function holdOf(text: string, code: 'InvalidArgument' | 'MalformedXML'): boolean {
  if (text !== 'ON' && text !== 'OFF') throw new S3Error(code, 'Legal Hold must be either of ON or OFF');
  return text === 'ON';
}

/** Throws `InvalidRequest` for a lock in a bucket that has none. */
export async function requireLocks(session: ObjectSession, bucket: string): Promise<void> {
  if ((await session.versions.keeping(bucket))?.locks !== true)
    throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration');
}

export async function checkLock(
  session: ObjectSession,
  bucket: string,
  { retention, legalHold }: ObjectAttributes,
): Promise<void> {
  if (retention !== undefined || legalHold !== undefined) await requireLocks(session, bucket);
}

export function overridesGovernance(headers: Headers): boolean {
  return headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
}

export function modeName({ mode }: Pick<Retention, 'mode'>): string {
  return mode.toUpperCase();
}

export function untilText({ until }: Retention): string {
  return new Date(until * 1000).toISOString();
}

/** The headers that give an object's lock back. */
export function lockHeaders({ retention, legalHold }: ObjectEntry): Record<string, string> {
  return {
    ...(retention === undefined
      ? {}
      : { [`${PREFIX}mode`]: modeName(retention), [`${PREFIX}retain-until-date`]: untilText(retention) }),
    ...(legalHold === undefined ? {} : { [`${PREFIX}legal-hold`]: legalHold ? 'ON' : 'OFF' }),
  };
}
