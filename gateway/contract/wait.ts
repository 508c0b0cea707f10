/**
 * "Go on" (undefined) or "go on when this resolves". The walk of a known statement with a cached decision never allocates a promise,
 * so a caller looks before it awaits: `const wait = f(); if (wait) await wait;`
 */
export type Wait = Promise<void> | undefined;

/** Both must be over. */
export function both(a: Wait, b: Wait): Wait {
  if (!a) return b;
  if (!b) return a;
  return Promise.all([a, b]).then(() => undefined);
}
