import { S3Error } from '../errors.js';
import { parseXml } from '../xml/parse.js';
import { element, type Markup } from '../xml/write.js';

export type Tags = ReadonlyMap<string, string>;

/** Tags at most (S3 user guide, "Object tagging" and "Bucket tagging"). */
export const MAX_OBJECT_TAGS = 10;
export const MAX_BUCKET_TAGS = 50;

/** The tags of a document. Throws `MalformedXML`, `InvalidTag`, and `BadRequest` for more than `most`. */
export function parseTagging(text: string, most: number): Tags {
  const sets = parseXml(text, 'Tagging').all('TagSet');
  if (sets.length !== 1) throw new S3Error('MalformedXML');
  const tags = new Map<string, string>();
  for (const tag of sets[0]?.children ?? []) {
    const [key, value] = [tag.value('Key'), tag.value('Value')];
    if (tag.name !== 'Tag' || key === undefined || value === undefined) throw new S3Error('MalformedXML');
    if (key === '' || key.length > 128) throw invalid('The TagKey you have provided is invalid', key);
    if (value.length > 256) throw invalid('The TagValue you have provided is invalid', key);
    if (tags.has(key)) throw invalid('Cannot provide multiple Tags with the same key', key);
    tags.set(key, value);
  }
  if (tags.size > most) throw new S3Error('BadRequest', `There can be at most ${most} tags.`);
  return tags;
}

export function tagSet(tags: Tags): Markup {
  return element(
    'TagSet',
    [...tags].map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)])),
  );
}

function invalid(message: string, key: string): S3Error {
  return new S3Error('InvalidTag', message, { details: { TagKey: key } });
}
