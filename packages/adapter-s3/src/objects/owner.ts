import { createHash } from 'node:crypto';
import { element, type Markup } from '../xml/write.js';

/** The canonical id of a user: 64 hexadecimal digits, as S3's are. */
export function ownerId(user: string): string {
  return createHash('sha256').update(`latchkey s3 owner\0${user}`).digest('hex');
}

export function ownerElement(user: string, name = 'Owner'): Markup {
  return element(name, [element('ID', ownerId(user)), element('DisplayName', user)]);
}
