import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../src/xml/parse.js';
import { element, result } from '../src/xml/write.js';

describe('documents', () => {
  it('come back as they were written, whatever the text', () => {
    const allowed = fc
      .string({ unit: 'grapheme' })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML has no place for
      .filter((text) => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text));
    fc.assert(
      fc.property(allowed, (text) => {
        expect(parseXml(result('R', [element('K', text)]), 'R').value('K')).toBe(text);
      }),
    );
  });

  it('know references, CDATA and namespaces', () => {
    const root = parseXml('<s:R xmlns:s="urn:x"><s:K>a&#x0A;&#13;&lt;<![CDATA[<b>]]></s:K></s:R>', 'R');
    expect(root.value('K')).toBe('a\n\r<<b>');
  });

  it.each([
    ['', 'nothing'],
    ['<R>', 'an open element'],
    ['<R></S>', 'the wrong end'],
    ['<R/><R/>', 'two roots'],
    ['<S/>', 'another root'],
    ['<!DOCTYPE R [<!ENTITY e "x">]><R>&e;</R>', 'a document type'],
    ['<R>&e;</R>', 'an unknown entity'],
    ['<?x y?><R/>', 'a processing instruction'],
    ['<R>\u0001</R>', 'a control character'],
    [`${'<R>'.repeat(20)}${'</R>'.repeat(20)}`, 'depth'],
  ])('are refused: %s (%s)', (text) => {
    expect(() => parseXml(text, 'R')).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
  });

  it('are refused when an element that stands alone comes twice', () => {
    expect(() => parseXml('<R><K>a</K><K>b</K></R>', 'R').value('K')).toThrow();
  });
});
