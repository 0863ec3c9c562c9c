import { randomUUID } from 'node:crypto';
import { S3Error } from '../errors.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, type Markup, result } from '../xml/write.js';
import { DAY_MS, type Filter, type Rule } from './rule.js';

const MAX_RULES = 1000;
const MAX_ID = 255;
/** Bytes of a prefix: those of a key. */
const MAX_PREFIX_BYTES = 1024;
/** Tags of a rule: as many as an object can have. */
const MAX_TAGS = 10;
/** Days of any kind, as S3 has it: beyond that there are no dates either. */
const MAX_DAYS = 2 ** 31 - 1;

/** Parts of a rule that ask for other storage classes, of which there is one. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['Transition', 'NoncurrentVersionTransition']);
const KNOWN: ReadonlySet<string> = new Set([
  'AbortIncompleteMultipartUpload',
  'Expiration',
  'Filter',
  'ID',
  'NoncurrentVersionExpiration',
  'Prefix',
  'Status',
]);

/** The rules of a document. Throws `MalformedXML`, `InvalidArgument`, `InvalidRequest`, `NotImplemented`. */
export function parseLifecycle(text: string): Rule[] {
  const root = parseXml(text, 'LifecycleConfiguration');
  const rules = root.children.map((child) => {
    if (child.name !== 'Rule') throw new S3Error('MalformedXML');
    return ruleOf(child);
  });
  if (rules.length === 0 || rules.length > MAX_RULES) throw new S3Error('MalformedXML');
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw new S3Error('InvalidArgument', 'Rule ID must be unique.');
  return rules;
}

function ruleOf(rule: XmlElement): Rule {
  for (const { name } of rule.children) {
    if (UNSUPPORTED.has(name))
      throw new S3Error('NotImplemented', `${name} is not implemented: there is one storage class.`);
    if (!KNOWN.has(name)) throw new S3Error('MalformedXML');
  }
  const id = rule.value('ID') ?? randomUUID();
  if (id === '' || id.length > MAX_ID)
    throw new S3Error('InvalidArgument', 'ID length should not exceed 255.');
  const status = rule.value('Status')?.trim();
  const filter = rule.one('Filter');
  const bare = prefixOf(rule);
  if ((status !== 'Enabled' && status !== 'Disabled') || (filter === undefined) === (bare === undefined))
    throw new S3Error('MalformedXML');
  const made: Rule = {
    id,
    enabled: status === 'Enabled',
    ...(filter === undefined ? { filter: { prefix: bare ?? '' }, bare: true } : { filter: filterOf(filter) }),
    ...expirationOf(rule),
    ...noncurrentOf(rule),
    ...abortOf(rule),
  };
  if (made.expiration === undefined && made.noncurrent === undefined && made.abort === undefined)
    throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule.');
  checkTogether(made);
  return made;
}

/** What tags and sizes cannot be said of. */
function checkTogether({ filter, expiration, abort }: Rule): void {
  const { tags, above, below } = filter;
  const narrow = (tags !== undefined && tags.length > 0) || above !== undefined || below !== undefined;
  if (narrow && abort !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'AbortIncompleteMultipartUpload cannot be specified with Tags or sizes.',
    );
  if (narrow && expiration?.markers !== undefined)
    throw new S3Error('InvalidRequest', 'ExpiredObjectDeleteMarker cannot be specified with Tags or sizes.');
  if (above !== undefined && below !== undefined && above + 1 >= below)
    throw new S3Error('InvalidRequest', 'ObjectSizeLessThan has to be greater than ObjectSizeGreaterThan.');
}

function filterOf(filter: XmlElement): Filter {
  const and = filter.one('And');
  if (filter.children.length > 1) throw new S3Error('MalformedXML');
  const from = and ?? filter;
  const tags = from.all('Tag').map((tag): [string, string] => {
    const [key, value] = [tag.value('Key'), tag.value('Value')];
    if (key === undefined || value === undefined) throw new S3Error('MalformedXML');
    if (key === '' || key.length > 128 || value.length > 256) throw new S3Error('InvalidTag');
    return [key, value];
  });
  if (tags.length > MAX_TAGS)
    throw new S3Error('InvalidRequest', `A rule has at most ${MAX_TAGS} tags, as an object has.`);
  for (const { name } of from.children)
    if (
      !['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan'].includes(name) &&
      from.children[0] !== and
    )
      throw new S3Error('MalformedXML');
  const prefix = prefixOf(from);
  const above = countOf(from, 'ObjectSizeGreaterThan', 0);
  const below = countOf(from, 'ObjectSizeLessThan', 0);
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(above === undefined ? {} : { above }),
    ...(below === undefined ? {} : { below }),
  };
}

function prefixOf(parent: XmlElement): string | undefined {
  const prefix = parent.value('Prefix');
  if (Buffer.byteLength(prefix ?? '') > MAX_PREFIX_BYTES)
    throw new S3Error('InvalidRequest', `The maximum size of a prefix is ${MAX_PREFIX_BYTES}.`);
  return prefix;
}

function daysOf(parent: XmlElement, name: string): number | undefined {
  const days = countOf(parent, name);
  if (days !== undefined && days > MAX_DAYS)
    throw new S3Error('InvalidArgument', `'${name}' must be at most ${MAX_DAYS}`);
  return days;
}

function countOf(parent: XmlElement, name: string, least = 1): number | undefined {
  const text = parent.value(name)?.trim();
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text) || Number(text) < least)
    throw new S3Error('InvalidArgument', `'${name}' must be a positive integer`);
  return Number(text);
}

function expirationOf(rule: XmlElement): Pick<Rule, 'expiration'> {
  const expiration = rule.one('Expiration');
  if (expiration === undefined) return {};
  if (expiration.children.length !== 1) throw new S3Error('MalformedXML');
  const days = daysOf(expiration, 'Days');
  const date = dateOf(expiration.value('Date')?.trim());
  const markers = expiration.value('ExpiredObjectDeleteMarker')?.trim();
  if (days !== undefined) return { expiration: { days } };
  if (date !== undefined) return { expiration: { date } };
  if (markers !== 'true' && markers !== 'false') throw new S3Error('MalformedXML');
  return { expiration: { markers: markers === 'true' } };
}

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new S3Error('MalformedXML');
  if (date % DAY_MS !== 0) throw new S3Error('InvalidArgument', "'Date' must be at midnight GMT");
  return date;
}

function noncurrentOf(rule: XmlElement): Pick<Rule, 'noncurrent'> {
  const noncurrent = rule.one('NoncurrentVersionExpiration');
  if (noncurrent === undefined) return {};
  const days = daysOf(noncurrent, 'NoncurrentDays');
  const newer = countOf(noncurrent, 'NewerNoncurrentVersions');
  if (days === undefined) throw new S3Error('MalformedXML');
  return { noncurrent: { days, ...(newer === undefined ? {} : { newer }) } };
}

function abortOf(rule: XmlElement): Pick<Rule, 'abort'> {
  const abort = rule.one('AbortIncompleteMultipartUpload');
  if (abort === undefined) return {};
  const days = daysOf(abort, 'DaysAfterInitiation');
  if (days === undefined) throw new S3Error('MalformedXML');
  return { abort: days };
}

export function lifecycleDocument(rules: readonly Rule[]): string {
  return result('LifecycleConfiguration', rules.map(ruleElement));
}

function ruleElement({ id, enabled, filter, bare, expiration, noncurrent, abort }: Rule): Markup {
  const { days, date, markers } = expiration ?? {};
  return element('Rule', [
    element('ID', id),
    bare === true ? element('Prefix', filter.prefix ?? '') : filterElement(filter),
    element('Status', enabled ? 'Enabled' : 'Disabled'),
    element(
      'Expiration',
      expiration && [
        element('Days', days),
        element('Date', date === undefined ? undefined : new Date(date).toISOString()),
        element('ExpiredObjectDeleteMarker', markers),
      ],
    ),
    element(
      'NoncurrentVersionExpiration',
      noncurrent && [
        element('NoncurrentDays', noncurrent.days),
        element('NewerNoncurrentVersions', noncurrent.newer),
      ],
    ),
    element(
      'AbortIncompleteMultipartUpload',
      abort === undefined ? undefined : [element('DaysAfterInitiation', abort)],
    ),
  ]);
}

function filterElement({ prefix, tags = [], above, below }: Filter): Markup {
  const parts = [
    ...(prefix === undefined ? [] : [element('Prefix', prefix)]),
    ...tags.map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)])),
    ...(above === undefined ? [] : [element('ObjectSizeGreaterThan', above)]),
    ...(below === undefined ? [] : [element('ObjectSizeLessThan', below)]),
  ];
  return element('Filter', parts.length > 1 ? [element('And', parts)] : parts);
}
