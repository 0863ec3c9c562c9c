/**
 * Padmé (Nikitin et al., "Reducing metadata leakage from encrypted files", PETS 2019): the smallest length not below
 * `length` whose binary form has all zeros behind its first log2(log2(length)) bits or so. Costs at most 12 %, and
 * leaves O(log log length) bits about the size.
 *
 * @param length bytes, a safe integer of at least 0
 */
export function padmeSize(length: number): number {
  if (length < 2) return length;
  let exponent = 0;
  while (2 ** (exponent + 1) <= length) exponent++;
  const kept = Math.floor(Math.log2(exponent || 1)) + 1;
  if (exponent <= kept) return length;
  const step = 2 ** (exponent - kept);
  return Math.ceil(length / step) * step;
}
