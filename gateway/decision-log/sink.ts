/** Where events go. */
export interface Sink extends AsyncDisposable {
  /** One event as a line of JSON. @returns false when it cannot be kept: it is lost, and the caller says so */
  add(line: string): boolean;
  /** What waits in memory and on disk. */
  waitingBytes(): number;
}

/** What a sink tells the world. */
export interface SinkPorts {
  say(level: 'info' | 'warn' | 'error', message: string, error?: unknown): void;
  count(outcome: 'delivered', events: number): void;
  /** Events that nobody will ever get: counted, and said as an error. */
  lost(events: number, why: string): void;
}
