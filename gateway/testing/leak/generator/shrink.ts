/**
 * The simplest tape that still fails, as far as so many tries find it: pieces are cut out, then numbers made small.
 * @param fails whether the statement of a tape still shows what was found
 */
export async function shrink(
  tape: readonly number[],
  fails: (tape: readonly number[]) => Promise<boolean>,
  maxTries = 300,
): Promise<readonly number[]> {
  let best = tape;
  let tries = 0;
  const better = async (candidate: readonly number[]): Promise<boolean> => {
    if (tries >= maxTries) return false;
    tries += 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && tries < maxTries;)
      if (!(await better([...best.slice(0, at), ...best.slice(at + size)]))) at += size;
  }
  for (let at = 0; at < best.length && tries < maxTries; at += 1) {
    if (best[at] !== 0) await better(best.map((number, i) => (i === at ? 0 : number)));
  }
  return best;
}
