// Alternating rounds: in every round each row is measured at each server in turn, and the turn rotates, so that
// whatever else the machine does falls on all of them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rcloneClient } from './client.mjs';
import { writeLarge, writeMany } from './inputs.mjs';
import { chooseRows } from './rows.mjs';
import { SERVERS } from './servers.mjs';
import { settle } from './settle.mjs';

const FULL = { mebibytes: 1024, files: 5000, entries: 100_000 };
const QUICK = { mebibytes: 128, files: 500, entries: 10_000 };

/**
 * @typedef {object} Options
 * @property {string} place An empty directory for everything.
 * @property {boolean} quick
 * @property {number} rounds
 * @property {string[] | undefined} only
 * @property {string[] | undefined} servers
 * @property {'full' | 'relaxed'} durability
 * @property {string | undefined} profile
 * @property {(text: string) => void} say
 */

/**
 * The rows, and the servers that could not be had with the reasons.
 * @param {Options} options
 */
export async function runBench(options) {
  const { place, rounds, say } = options;
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds must be a positive number');
  const sizes = options.quick ? QUICK : FULL;
  const rows = chooseRows(options.only);
  const inputs = await prepareInputs(place, sizes, rows, say);
  const contenders = [];
  /** @type {Record<string, string>} */
  const missing = {};
  try {
    const wanted = options.servers ?? Object.keys(SERVERS);
    for (const name of wanted.filter((one) => rows.some((row) => takesPart(one, row)))) {
      const reason = SERVERS[name].missing?.(say);
      if (reason === undefined) contenders.push(await enter(name, options, inputs, rows, say));
      else missing[name] = reason;
    }
    const entrants = (row) => contenders.filter(({ name }) => takesPart(name, row));
    const samples = new Map(
      rows.map((row) => [row.id, new Map(entrants(row).map(({ name }) => [name, []]))]),
    );
    for (let round = 0; round < rounds; round += 1) {
      for (const row of rows) {
        const here = entrants(row);
        for (let turn = 0; turn < here.length; turn += 1) {
          const contender = here[(turn + round) % here.length];
          rmSync(inputs.scratch, { recursive: true, force: true });
          mkdirSync(inputs.scratch);
          settle(sizes.mebibytes);
          const before = processorSeconds(contender.server.pid);
          const figure = await row.measure(contender, inputs);
          const busy = processorSeconds(contender.server.pid) - before;
          samples.get(row.id)?.get(contender.name)?.push(figure);
          const about = Number.isNaN(busy) ? '' : `, the server busy for ${busy.toFixed(2)} s`;
          say(
            `round ${round + 1}: ${row.title(sizes)}: ${contender.name} ${figure.toFixed(0)} ${row.unit}${about}`,
          );
        }
      }
    }
    return { rows: rows.map((row) => summary(row, sizes, samples.get(row.id) ?? new Map())), missing };
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

async function prepareInputs(place, sizes, rows, say) {
  say('making inputs');
  const inputs = {
    large: path.join(place, 'large.dat'),
    many: path.join(place, 'many'),
    listed: path.join(place, 'listed'),
    scratch: path.join(place, 'scratch'),
    sizes,
  };
  const wants = (input) => rows.some((row) => row.input === input);
  if (wants('large')) await writeLarge(inputs.large, sizes.mebibytes);
  if (wants('many')) writeMany(inputs.many, sizes.files, 4096);
  if (wants('listed')) writeMany(inputs.listed, sizes.entries, 16);
  return inputs;
}

function takesPart(name, row) {
  const kind = SERVERS[name];
  if (!kind) throw new Error(`no server ${name}: there are ${Object.keys(SERVERS).join(', ')}`);
  return kind.protocols.includes(row.protocol ?? 'sftp');
}

/** Starts a server in a folder of its own and fills it as far as the rows need it. */
async function enter(name, options, inputs, rows, say) {
  const kind = SERVERS[name];
  const place = path.join(options.place, name);
  mkdirSync(place);
  let server = await kind.start(place, options);
  const clientOf = () => (kind.protocols.includes('sftp') ? rcloneClient(place, server) : undefined);
  const contender = {
    name,
    place,
    server,
    client: clientOf(),
    restart: async () => {
      await server.stop();
      server = await kind.start(place, options);
      contender.server = server;
      contender.client = clientOf();
    },
    stop: () => server.stop(),
  };
  try {
    const here = rows.filter((row) => takesPart(name, row));
    if (here.some((row) => row.listing || row.fill))
      say(`filling ${name} with ${inputs.sizes.entries} entries`);
    if (here.some((row) => row.listing)) await kind.fill(place, inputs.listed, 'listed');
    for (const row of here) await row.fill?.(contender, inputs.sizes);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return contender;
}

function summary(row, sizes, byServer) {
  const figures = [...byServer].map(([server, samples]) => ({ server, median: median(samples), samples }));
  const ours = figures.find(({ server }) => server === 'latchkey')?.median;
  const ratios = Object.fromEntries(
    figures.flatMap(({ server, median: theirs }) =>
      ours === undefined || server === 'latchkey' ? [] : [[server, ours / theirs]],
    ),
  );
  return { id: row.id, title: row.title(sizes), unit: row.unit, figures, ratios };
}

/**
 * What a process has used of the processors until now, all its threads together; NaN where that is not known.
 * @param {number | undefined} pid
 */
function processorSeconds(pid) {
  if (pid === undefined || process.platform !== 'linux') return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime in ticks, which Linux has 100 of in a second (proc(5)).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** @param {number[]} samples */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
