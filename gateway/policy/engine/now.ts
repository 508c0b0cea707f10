import type { NowFacts } from '../../contract/command.ts';

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const minuteMs = 60_000;

/** The minute in which `ms` falls, UTC: decisions made within it are the same, and can be made again later. */
export function nowFacts(ms: number): NowFacts {
  const unixMs = Math.floor(ms / minuteMs) * minuteMs;
  const at = new Date(unixMs);
  return {
    unix_ms: unixMs,
    rfc3339: at.toISOString(),
    weekday: weekdays[at.getUTCDay()] ?? 'sunday', // getUTCDay is 0 to 6
    minute_of_day: at.getUTCHours() * 60 + at.getUTCMinutes(),
  };
}
