import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';
import type { Frame } from './render.ts';

export interface PlayOptions {
  /** 2 is twice as fast. Default 1. */
  readonly speed?: number;
  /** Milliseconds that a silence lasts at most, as seen by the viewer. Default: as long as it was. */
  readonly maxWaitMs?: number;
  readonly output: Writable;
  /** A terminal in raw mode, for keys: space pauses, `>` and `<` change the speed, `.` shows the next frame, `q` ends. */
  readonly keys?: Readable;
  readonly signal?: AbortSignal;
  /** Waits; for tests, time that passes when told. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Plays frames at the pace at which they came. Returns when they are over, or the viewer or the signal ends it. */
export async function play(frames: AsyncIterable<Frame> | Iterable<Frame>, options: PlayOptions): Promise<void> {
  const controls = new Controls(options.speed ?? 1);
  const onKeys = (keys: unknown) => {
    for (const key of String(keys)) controls.press(key);
  };
  options.keys?.on('data', onKeys);
  try {
    let lastMs = 0;
    for await (const frame of frames) {
      await pass(frame.atMs - lastMs, controls, options);
      if (controls.ended || options.signal?.aborted) return;
      lastMs = Math.max(lastMs, frame.atMs);
      if (!options.output.write(frame.text)) await once(options.output, 'drain', { signal: options.signal });
    }
  } finally {
    options.keys?.off('data', onKeys);
  }
}

/** Lets `ms` of the session pass. A key cuts the wait short and it begins anew with what is left. */
async function pass(ms: number, controls: Controls, options: PlayOptions): Promise<void> {
  let leftMs = ms / controls.speed;
  if (options.maxWaitMs !== undefined) leftMs = Math.min(leftMs, options.maxWaitMs);
  while (!controls.ended && !options.signal?.aborted && !controls.takeStep() && (controls.paused || leftMs > 0)) {
    const { speed } = controls;
    const stop = AbortSignal.any([controls.pressed, ...(options.signal ? [options.signal] : [])]);
    const beganMs = performance.now();
    await options.sleep(controls.paused ? foreverMs : leftMs, stop).catch(() => undefined); // aborted: look again
    if (stop.aborted) leftMs -= controls.wasPaused ? 0 : performance.now() - beganMs;
    else if (!controls.paused) leftMs = 0;
    leftMs = (leftMs * speed) / controls.speed;
  }
}

const foreverMs = 2 ** 31 - 1;
const [minSpeed, maxSpeed] = [1 / 16, 64];

/** What the viewer asked for by keys. */
class Controls {
  speed: number;
  paused = false;
  /** Before the last key. */
  wasPaused = false;
  ended = false;
  #step = false;
  #key = new AbortController();

  constructor(speed: number) {
    this.speed = speed;
  }

  /** Aborts with the next key. */
  get pressed(): AbortSignal {
    return this.#key.signal;
  }

  /** Whether one frame was asked for; asks only once. */
  takeStep(): boolean {
    const step = this.#step;
    this.#step = false;
    return step;
  }

  press(key: string): void {
    this.wasPaused = this.paused;
    switch (key) {
      case ' ':
        this.paused = !this.paused;
        break;
      case '>':
        this.speed = Math.min(maxSpeed, this.speed * 2);
        break;
      case '<':
        this.speed = Math.max(minSpeed, this.speed / 2);
        break;
      case '.':
        this.paused = true;
        this.#step = true;
        break;
      case 'q':
      case '\u0003': // Ctrl-C, which raw mode does not turn into a signal
        this.ended = true;
        break;
      default:
        return; // any other key means nothing
    }
    const pressed = this.#key;
    this.#key = new AbortController();
    pressed.abort();
  }
}
