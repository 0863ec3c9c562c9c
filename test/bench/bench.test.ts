import { describe, expect, it } from 'vitest';
import { median } from './bench.mjs';
import { chooseRows } from './rows.mjs';
import { table } from './table.mjs';

describe('the benchmark', () => {
  it('takes medians', () => {
    expect(median([5, 1, 100])).toBe(5);
    expect(median([4, 1, 2, 100])).toBe(3);
  });

  it('measures what a row builds on', () => {
    expect(chooseRows(['get', 'warm']).map((row) => row.id)).toEqual(['put', 'get', 'cold', 'warm']);
    expect(chooseRows(['lftps-down']).map((row) => row.id)).toEqual(['lftps-up', 'lftps-down']);
    expect(chooseRows(['s3-head64']).map((row) => row.id)).toEqual(['s3-up64', 's3-head64']);
    expect(() => chooseRows(['sideways'])).toThrow('no row sideways');
  });

  it('prints ratios of ours to theirs', () => {
    const figures = [
      { server: 'latchkey', median: 300 },
      { server: 'sshd', median: 200 },
    ];
    const printed = table({ node: 'v20' }, [{ title: 'put', unit: 'MiB/s', figures, ratios: { sshd: 1.5 } }]);
    expect(printed).toMatch(/\| put +\| MiB\/s \| +300 \| +200 \| +1\.50 \|/);
  });

  it('leaves out what a server does not speak', () => {
    const ours = { server: 'latchkey', median: 300 };
    const printed = table({ node: 'v20' }, [
      {
        title: 'sftp',
        unit: 'MiB/s',
        figures: [ours, { server: 'sshd', median: 200 }],
        ratios: { sshd: 1.5 },
      },
      {
        title: 'ftp',
        unit: 'MiB/s',
        figures: [ours, { server: 'vsftpd', median: 100 }],
        ratios: { vsftpd: 3 },
      },
    ]);
    expect(printed).toMatch(/\| ftp +\| MiB\/s \| +300 \| +\| +100 \| +\| +3\.00 \|/);
  });
});
