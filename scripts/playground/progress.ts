/** Shows what is being done and how long it took, on standard error: standard output is for what was asked for. */
export async function step<T>(
  name: string,
  /** @param at says how far it is, where somebody watches */
  work: (at: (what: string) => void) => Promise<T>,
  describe: (done: T) => string,
): Promise<T> {
  const started = performance.now();
  const live = process.stderr.isTTY;
  if (live) process.stderr.write(`  … ${name}`);
  try {
    const done = await work((what) => void (live && process.stderr.write(`\r\x1b[K  … ${name}: ${what}`)));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(`${live ? '\r\x1b[K' : ''}  ✓ ${name.padEnd(18)} ${describe(done)} (${seconds} s)\n`);
    return done;
  } catch (error) {
    process.stderr.write(`${live ? '\r\x1b[K' : ''}  ✗ ${name}\n`);
    throw error;
  }
}
