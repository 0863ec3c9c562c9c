import { SaxesParser } from 'saxes';
import { S3Error } from '../errors.js';

const MAX_DEPTH = 8;
const MAX_ELEMENTS = 200_000;

/** An element of a request's document, without its namespace. */
export class XmlElement {
  readonly name: string;
  readonly children: XmlElement[] = [];
  text = '';

  constructor(name: string) {
    this.name = name;
  }

  all(name: string): XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** The only child of that name. Throws `MalformedXML` when there are several. */
  one(name: string): XmlElement | undefined {
    const found = this.all(name);
    if (found.length > 1) throw new S3Error('MalformedXML');
    return found[0];
  }

  /** The text of the only child of that name. Throws `MalformedXML` when there are several. */
  value(name: string): string | undefined {
    return this.one(name)?.text;
  }
}

/**
 * Reads a document whose root must be `root`. Throws `MalformedXML` for anything not well-formed, a document type
 * (which could define entities), processing instructions, and what is deeper or longer than any request of S3.
 */
export function parseXml(text: string, root: string): XmlElement {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let top: XmlElement | undefined;
  let count = 0;
  const refuse = (): never => {
    throw new S3Error('MalformedXML');
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('opentag', (tag) => {
    count += 1;
    if (open.length >= MAX_DEPTH || count > MAX_ELEMENTS) refuse();
    const one = new XmlElement(tag.name.replace(/^.*:/, ''));
    if (open.length === 0) top = one;
    else (open.at(-1) as XmlElement).children.push(one);
    open.push(one);
  });
  const append = (more: string): void => {
    const current = open.at(-1);
    if (current !== undefined) current.text += more;
  };
  parser.on('text', append);
  parser.on('cdata', append);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(text).close();
  if (top === undefined || top.name !== root) throw new S3Error('MalformedXML');
  return top;
}
