import type { Keeping, VersionChange, VersionEntry } from '@latchkey/vault';
import { isVaultError, S3Error } from '../errors.js';
import { type Reply, xmlReply } from '../http/reply.js';
import { hasBucket, missing, placeOf, requireBucket } from '../objects/keys.js';
import { bucketOf, type Call, keyOf, type Operation } from '../operations/operation.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, result } from '../xml/write.js';
import { holdOf, modeName, overridesGovernance, requireLocks, retentionOf, untilText } from './locks.js';
import { noSuchVersion, versionIdOf } from './version-id.js';
import { changeKeeping } from './versioning.js';

const DAY_SECONDS = 24 * 60 * 60;
const YEAR_DAYS = 365;
/** Days of a default retention at most, as S3 has it: a hundred years. */
const MAX_DAYS = 100 * YEAR_DAYS;

async function getObjectLockConfiguration(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  await requireBucket(call.session, bucket);
  const keeping = await call.session.versions.keeping(bucket);
  if (keeping?.locks !== true) throw new S3Error('ObjectLockConfigurationNotFoundError');
  const { retention } = keeping;
  return xmlReply(
    result('ObjectLockConfiguration', [
      element('ObjectLockEnabled', 'Enabled'),
      element(
        'Rule',
        retention && [
          element('DefaultRetention', [
            element('Mode', modeName(retention)),
            element('Days', Math.round(retention.seconds / DAY_SECONDS)),
          ]),
        ],
      ),
    ]),
  );
}

/** Also turns locks on, in a bucket that keeps all versions. They are never turned off. */
async function putObjectLockConfiguration(call: Call): Promise<Reply> {
  const bucket = bucketOf(call);
  const root = parseXml(await call.body(call.server.limits.documentBytes).text(), 'ObjectLockConfiguration');
  if (root.value('ObjectLockEnabled')?.trim() !== 'Enabled') throw new S3Error('MalformedXML');
  const retention = defaultOf(root);
  await requireBucket(call.session, bucket);
  await changeKeeping(call, bucket, (old) => {
    if (old?.versions !== 'all')
      throw new S3Error(
        'InvalidBucketState',
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      );
    return { versions: 'all', locks: true, ...(retention === undefined ? {} : { retention }) };
  });
  return { status: 200 };
}

function defaultOf(root: XmlElement): Keeping['retention'] {
  const rule = root.all('Rule')[0];
  if (rule === undefined) return undefined;
  const wanted = rule.all('DefaultRetention')[0];
  const mode = wanted?.value('Mode')?.trim();
  const [days, years] = ['Days', 'Years'].map((name) => wanted?.value(name)?.trim());
  const count = days ?? years ?? '';
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || (days === undefined) === (years === undefined))
    throw new S3Error('MalformedXML');
  const total = /^\d{1,6}$/.test(count) ? Number(count) * (days === undefined ? YEAR_DAYS : 1) : 0;
  if (total < 1 || total > MAX_DAYS)
    throw new S3Error('InvalidArgument', 'Default retention period must be a positive integer value.');
  return { mode: mode === 'GOVERNANCE' ? 'governance' : 'compliance', seconds: total * DAY_SECONDS };
}

/** The version that a request is about. Markers are `MethodNotAllowed`. */
async function lockable(call: Call): Promise<VersionEntry> {
  const [bucket, key] = [bucketOf(call), keyOf(call)];
  await requireBucket(call.session, bucket);
  await requireLocks(call.session, bucket);
  const place = placeOf(bucket, key);
  try {
    if (place === undefined) throw await missing(call.session, bucket, key);
    const entry = await call.session.versions.stat(place.path, versionIdOf(call.query));
    if (entry.marker) throw new S3Error('MethodNotAllowed', undefined, { headers: { Allow: 'DELETE' } });
    return entry;
  } catch (error) {
    throw await told(call, error);
  }
}

async function told(call: Call, error: unknown): Promise<unknown> {
  if (!isVaultError(error, 'not-found', 'not-a-directory')) return error;
  const [bucket, key, id] = [bucketOf(call), keyOf(call), versionIdOf(call.query)];
  if (id !== undefined && (await hasBucket(call.session, bucket))) return noSuchVersion(key, id);
  return missing(call.session, bucket, key);
}

async function change(call: Call, asks: VersionChange): Promise<Reply> {
  await lockable(call);
  const place = placeOf(bucketOf(call), keyOf(call));
  try {
    if (place === undefined) throw await missing(call.session, bucketOf(call), keyOf(call));
    await call.session.versions.change(place.path, versionIdOf(call.query), () => asks, {
      overrideGovernance: overridesGovernance(call.headers),
    });
    return { status: 200 };
  } catch (error) {
    throw await told(call, error);
  }
}

async function getObjectRetention(call: Call): Promise<Reply> {
  const { retention } = await lockable(call);
  if (retention === undefined) throw new S3Error('NoSuchObjectLockConfiguration');
  return xmlReply(
    result('Retention', [
      element('Mode', modeName(retention)),
      element('RetainUntilDate', untilText(retention)),
    ]),
  );
}

/** An empty document takes a retention away, which only governance lets be done, and only who overrides it. */
async function putObjectRetention(call: Call): Promise<Reply> {
  const root = parseXml(await call.body(call.server.limits.documentBytes).text(), 'Retention');
  const [mode, until] = ['Mode', 'RetainUntilDate'].map((name) => root.value(name)?.trim());
  if ((mode === undefined) !== (until === undefined)) throw new S3Error('MalformedXML');
  return change(call, {
    retention: mode === undefined || until === undefined ? null : retentionOf(mode, until),
  });
}

async function getObjectLegalHold(call: Call): Promise<Reply> {
  const { legalHold } = await lockable(call);
  return xmlReply(result('LegalHold', [element('Status', legalHold === true ? 'ON' : 'OFF')]));
}

async function putObjectLegalHold(call: Call): Promise<Reply> {
  const root = parseXml(await call.body(call.server.limits.documentBytes).text(), 'LegalHold');
  return change(call, { legalHold: holdOf(root.value('Status')?.trim() ?? '', 'MalformedXML') });
}

const VERSION = ['versionId'];

export const LOCK_OPERATIONS: readonly Operation[] = [
  {
    name: 'GetObjectLockConfiguration',
    method: 'GET',
    scope: 'bucket',
    query: ['object-lock'],
    run: getObjectLockConfiguration,
  },
  {
    name: 'PutObjectLockConfiguration',
    method: 'PUT',
    scope: 'bucket',
    query: ['object-lock'],
    digest: true,
    run: putObjectLockConfiguration,
  },
  {
    name: 'GetObjectRetention',
    method: 'GET',
    scope: 'object',
    query: ['retention'],
    parameters: VERSION,
    run: getObjectRetention,
  },
  {
    name: 'PutObjectRetention',
    method: 'PUT',
    scope: 'object',
    query: ['retention'],
    parameters: VERSION,
    digest: true,
    run: putObjectRetention,
  },
  {
    name: 'GetObjectLegalHold',
    method: 'GET',
    scope: 'object',
    query: ['legal-hold'],
    parameters: VERSION,
    run: getObjectLegalHold,
  },
  {
    name: 'PutObjectLegalHold',
    method: 'PUT',
    scope: 'object',
    query: ['legal-hold'],
    parameters: VERSION,
    digest: true,
    run: putObjectLegalHold,
  },
];
