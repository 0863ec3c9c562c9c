import { describe, expect, it } from 'vitest';
import { readBlocks } from './blocks.js';

const fence = '```';

describe('blocks of a document', () => {
  it('of one name are one script, in order', () => {
    const text = `<!-- test: tour -->\n${fence}sh\necho one\n${fence}\ntext\n\n<!-- test: tour -->\n\n${fence}sh\necho two\n${fence}\n`;
    expect(readBlocks('a.md', text)).toEqual({
      scripts: [{ document: 'a.md', name: 'tour', text: 'echo one\necho two' }],
      unmarked: [],
      idle: [],
    });
  });

  it('that are only shown need a reason', () => {
    const shown = `<!-- not run: needs a browser -->\n${fence}sh\nfalse\n${fence}\n`;
    expect(readBlocks('a.md', shown)).toEqual({ scripts: [], unmarked: [], idle: [] });
    expect(readBlocks('a.md', shown.replace('needs a browser', ' ')).unmarked).toEqual(['a.md:2']);
  });

  it('without a marker are found, other languages are left alone', () => {
    expect(
      readBlocks('a.md', `x\n${fence}sh\nls\n${fence}\n${fence}ts\nlet a;\n${fence}\n`).unmarked,
    ).toEqual(['a.md:2']);
  });

  it('missing below a marker are found', () => {
    expect(readBlocks('a.md', '<!-- test: tour -->\nsome text\n').idle).toEqual(['a.md:1']);
    expect(readBlocks('a.md', `<!-- test: tour -->\n${fence}ts\n${fence}\n`).idle).toEqual(['a.md:1']);
    expect(readBlocks('a.md', '<!-- test: tour -->').idle).toEqual(['a.md:1']);
  });
});
