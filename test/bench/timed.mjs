/**
 * Seconds that `work` took.
 * @param {() => Promise<unknown>} work
 */
export async function timed(work) {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}
