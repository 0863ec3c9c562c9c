import type { ObjectEntry, ObjectSession } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { parseXml, type XmlElement } from '../xml/parse.js';
import { element, type Markup } from '../xml/write.js';

/** What scripts of other origins may do with a bucket (S3 API reference, "CORSRule"). */
export interface CorsRule {
  readonly id?: string;
  /** Each with one `*` at most. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Lower case, each with one `*` at most. */
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  /** Seconds. */
  readonly maxAge?: number;
}

/** Under which name the record of a bucket's directory keeps its rules, as JSON. */
const KEPT = ':s3-cors';
const MAX_RULES = 100;
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']);
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Throws `MalformedXML` and `InvalidRequest`. */
export function parseCors(text: string): readonly CorsRule[] {
  const found = parseXml(text, 'CORSConfiguration').children;
  if (found.length === 0 || found.some(({ name }) => name !== 'CORSRule')) throw new S3Error('MalformedXML');
  if (found.length > MAX_RULES) throw invalid(`There can be at most ${MAX_RULES} rules.`);
  return found.map(ruleOf);
}

function ruleOf(rule: XmlElement): CorsRule {
  const texts = (name: string): string[] => rule.all(name).map((child) => child.text.trim());
  const [origins, methods] = [texts('AllowedOrigin'), texts('AllowedMethod')];
  const [headers, expose] = [texts('AllowedHeader'), texts('ExposeHeader')];
  if (origins.length === 0 || methods.length === 0) throw new S3Error('MalformedXML');
  const method = methods.find((one) => !METHODS.has(one));
  if (method !== undefined)
    throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
  const wild = [...origins, ...headers].find((one) => one.split('*').length > 2 || one === '');
  if (wild !== undefined) throw invalid(`AllowedOrigin and AllowedHeader have one wildcard at most: ${wild}`);
  const wrong = [...headers, ...expose].find((one) => !TOKEN.test(one));
  if (wrong !== undefined || expose.some((one) => one.includes('*')))
    throw invalid('AllowedHeader and ExposeHeader are names of headers.');
  const id = rule.value('ID')?.trim();
  if (id !== undefined && id.length > 255) throw invalid('An ID has at most 255 characters.');
  const maxAge = rule.value('MaxAgeSeconds')?.trim();
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) throw new S3Error('MalformedXML');
  return {
    ...(id === undefined ? {} : { id }),
    ...{ origins, methods, headers: headers.map((one) => one.toLowerCase()), expose },
    ...(maxAge === undefined ? {} : { maxAge: Number(maxAge) }),
  };
}

export function ruleElement({ id, origins, methods, headers, expose, maxAge }: CorsRule): Markup {
  const all = (name: string, texts: readonly string[]): Markup[] => texts.map((text) => element(name, text));
  return element('CORSRule', [
    element('ID', id),
    ...all('AllowedMethod', methods),
    ...all('AllowedOrigin', origins),
    ...all('AllowedHeader', headers),
    ...all('ExposeHeader', expose),
    element('MaxAgeSeconds', maxAge),
  ]);
}

export function corsOf(bucket: ObjectEntry): readonly CorsRule[] | undefined {
  const kept = bucket.metadata.get(KEPT);
  return kept === undefined ? undefined : (JSON.parse(kept) as readonly CorsRule[]);
}

/** Replaces the rules of a bucket; without any they are gone. Throws as {@link ObjectSession.changeObject} does. */
export async function changeCors(
  session: ObjectSession,
  bucket: string,
  rules: readonly CorsRule[] | undefined,
): Promise<void> {
  await session.changeObject([bucket], ({ metadata }) => {
    const changed = new Map(metadata);
    if (rules === undefined) changed.delete(KEPT);
    else changed.set(KEPT, JSON.stringify(rules));
    return { metadata: changed };
  });
}

/** The first rule that lets an origin use a method with these headers, and the origin that it names. */
export function ruleFor(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  headers: readonly string[],
): { readonly rule: CorsRule; readonly origin: string } | undefined {
  for (const rule of rules) {
    const named = rule.origins.find((pattern) => matches(pattern, origin));
    if (named === undefined || !rule.methods.includes(method)) continue;
    if (headers.every((name) => rule.headers.some((pattern) => matches(pattern, name.toLowerCase()))))
      return { rule, origin: named };
  }
  return undefined;
}

function matches(pattern: string, text: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === text;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', message);
}
