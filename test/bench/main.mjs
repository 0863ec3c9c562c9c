// Measures Latchkey and its peers side by side, in alternating rounds, and prints medians and ratios.
//
//   node test/bench/main.mjs [--quick] [--rounds N] [--only TEXT] [--json]
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startLatchkey } from '../servers/latchkey.mjs';
import { startRcloneCrypt } from '../servers/rclone-crypt.mjs';
import { startSshd } from '../servers/sshd.mjs';
import { fillCrypt, fillDirectory, fillVault } from './fill.mjs';
import { makeInputs, WORKLOADS } from './workloads.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const MIB = 1024 * 1024;
const sizes = options.quick
  ? { bytes: 128 * MIB, files: 500, entries: 10_000 }
  : { bytes: 1024 * MIB, files: 5_000, entries: 100_000 };
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5));
const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

const place = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'));
const folder = (/** @type {string} */ name) => {
  const made = path.join(place, name);
  mkdirSync(made);
  return made;
};

const places = { latchkey: folder('latchkey'), crypt: folder('crypt'), sshd: folder('sshd') };
/** @type {{ server: Awaited<ReturnType<typeof startLatchkey>> | Awaited<ReturnType<typeof startRcloneCrypt>> | Awaited<ReturnType<typeof startSshd>>, restart: boolean }[]} */
const contenders = [];
try {
  say('making files');
  const inputs = makeInputs(place, sizes, randomBytes);
  const latchkey = await startLatchkey(places.latchkey);
  const crypt = await startRcloneCrypt(places.crypt);
  const sshd = await startSshd(places.sshd);
  // sshd starts a process for each connection, so every listing is cold but for the kernel's cache.
  contenders.push(
    { server: latchkey, restart: true },
    { server: crypt, restart: true },
    { server: sshd, restart: false },
  );
  const chosen = WORKLOADS.filter(({ id }) => id.includes(options.only));
  if (chosen.some(({ id }) => id.startsWith('list'))) {
    say('filling the large directories');
    await fillVault(latchkey.storage, sizes.entries);
    await fillCrypt(crypt.config, inputs.many);
    fillDirectory(sshd.storage, inputs.many);
  }
  /** @type {Map<string, number[]>} */
  const rates = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const workload of chosen) {
      // Whoever comes first in one round comes last in the next.
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        if (workload.restart && contender.restart) await restart(contender);
        await workload.before?.(contender.server, inputs);
        const started = performance.now();
        await workload.work(contender.server, inputs);
        const seconds = (performance.now() - started) / 1000;
        workload.check?.(contender.server, inputs);
        const key = `${workload.id}|${contender.server.name}`;
        rates.set(key, [...(rates.get(key) ?? []), workload.amount(sizes) / seconds]);
        say(`round ${round + 1}  ${workload.id}  ${contender.server.name}  ${seconds.toFixed(2)} s`);
      }
    }
  }
  report(chosen, rates);
} finally {
  for (const { server } of contenders) await server.stop();
  rmSync(place, { recursive: true, force: true });
}

async function restart(/** @type {(typeof contenders)[number]} */ contender) {
  const { name } = contender.server;
  await contender.server.stop();
  for (const key of ['host', 'user']) {
    for (const file of [key, `${key}.pub`]) if (name !== 'latchkey') rmSync(path.join(places.crypt, file));
  }
  contender.server =
    name === 'latchkey' ? await startLatchkey(places.latchkey) : await startRcloneCrypt(places.crypt);
}

function median(/** @type {number[]} */ values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function report(/** @type {typeof WORKLOADS} */ workloads, /** @type {Map<string, number[]>} */ rates) {
  const rows = workloads.map(({ id, unit }) => {
    const of = (/** @type {string} */ name) => rates.get(`${id}|${name}`) ?? [];
    const ours = of('latchkey');
    // Ratios are taken round by round, so that a machine that slows down does so for both.
    const ratio = (/** @type {string} */ name) => median(of(name).map((rate, index) => ours[index] / rate));
    return {
      workload: id,
      unit,
      latchkey: median(ours),
      rcloneCrypt: median(of('rclone crypt')),
      sshd: median(of('sshd')),
      toRcloneCrypt: ratio('rclone crypt'),
      toSshd: ratio('sshd'),
    };
  });
  if (options.json) {
    console.log(JSON.stringify({ rounds, sizes, cpus: cpus().length, node: process.version, rows }, null, 2));
    return;
  }
  console.log(
    `\n${rounds} alternating rounds, medians; client: rclone, 8 transfers; ${cpus().length} cores, Node ${process.version}\n`,
  );
  console.log(
    '| workload | unit | latchkey | rclone crypt | sshd | latchkey / rclone crypt | latchkey / sshd |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const numbers = [row.latchkey, row.rcloneCrypt, row.sshd].map((value) => Math.round(value).toString());
    const ratios = [row.toRcloneCrypt, row.toSshd].map((value) => value.toFixed(2));
    console.log(`| ${[row.workload, row.unit, ...numbers, ...ratios].join(' | ')} |`);
  }
}
