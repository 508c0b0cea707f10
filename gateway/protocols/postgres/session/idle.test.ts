import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IdleWatch } from './idle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a client that says nothing is ended once, and not before its time', () => {
  const ended = vi.fn<() => void>();
  using _watch = new IdleWatch(60_000, () => false, ended);
  vi.advanceTimersByTime(59_999);
  expect(ended).not.toHaveBeenCalled();
  vi.advanceTimersByTime(120_000);
  expect(ended).toHaveBeenCalledOnce();
});

test('each message gives it the whole time again', () => {
  const ended = vi.fn<() => void>();
  using watch = new IdleWatch(60_000, () => false, ended);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(50_000);
    watch.heard();
  }
  expect(ended).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(ended).toHaveBeenCalledOnce();
});

test('a statement that runs, or waits for a human, is not silence', () => {
  const ended = vi.fn<() => void>();
  let busy = true;
  using _watch = new IdleWatch(60_000, () => busy, ended);
  vi.advanceTimersByTime(600_000);
  expect(ended).not.toHaveBeenCalled();
  busy = false;
  vi.advanceTimersByTime(120_000);
  expect(ended).toHaveBeenCalledOnce();
});

test('a session that is over is not ended again', () => {
  const ended = vi.fn<() => void>();
  new IdleWatch(60_000, () => false, ended)[Symbol.dispose]();
  vi.advanceTimersByTime(600_000);
  expect(ended).not.toHaveBeenCalled();
});
