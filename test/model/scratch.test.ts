import { appendFileSync } from 'node:fs';
const log = (...a: unknown[]) => appendFileSync('/tmp/mut.log', a.join(' ') + '\n');
import { it } from 'vitest';
import { CASES } from './cases.js';
import { type Case, scenarioOf } from './check.js';
import { Explorer } from './explorer.js';
import { SOUND, type Rules } from './rules.js';
it('x', () => {
  for (const rule of ['none2', ...Object.keys(SOUND)]) {
    const hits: string[] = [];
    const t = Date.now();
    for (const [name, given] of Object.entries<Case>(CASES)) {
        const t1 = Date.now();
        try {
          const v = new Explorer(scenarioOf(given, { [rule]: false } as Partial<Rules>)).exhaust(45_000);
          if (v.violation) hits.push(`${name} [${v.states}, ${v.violation.trace.length}]: ${v.violation.problem.slice(0, 100).replaceAll('\n', ' ')}`);
          if (rule === 'none') log(name, v.states, v.ends, Date.now() - t1);
        } catch (e) { hits.push(`${name}: ${String(e)}`); }
    }
    log(`## ${rule} ${Date.now() - t}ms\n   ${hits.join('\n   ')}`);
  }
}, 900000);
