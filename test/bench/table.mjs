// The result for a person: medians, and ours divided by each peer's.

/**
 * @param {Record<string, string>} machine
 * @param {{ title: string, unit: string, figures: { server: string, median: number }[], ratios: Record<string, number> }[]} rows
 */
export function table(machine, rows) {
  const servers = [...new Set(rows.flatMap((row) => row.figures.map(({ server }) => server)))];
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.ratios)))];
  const head = ['median, more is better', 'unit', ...servers, ...peers.map((peer) => `ours : ${peer}`)];
  const body = rows.map((row) => [
    row.title,
    row.unit,
    ...servers.map((name) => {
      const median = row.figures.find(({ server }) => server === name)?.median;
      return median === undefined ? '' : Math.round(median).toLocaleString('en-US');
    }),
    ...peers.map((peer) => row.ratios[peer]?.toFixed(2) ?? ''),
  ]);
  const widths = head.map((text, column) =>
    Math.max(text.length, ...body.map((row) => row[column]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const about = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  return [line(head), rule, ...body.map(line), '', ...about].join('\n');
}
