/**
 * For `vi.waitFor`, `vi.waitUntil` and `expect.poll`, whose own end is after one second: what is waited for comes late on a busy machine.
 * The end is for what never comes. Both in milliseconds.
 */
export const settled = { timeout: 100_000, interval: 10 };
