const around = 3;

/**
 * The change as `git apply` and `patch -p1` take it, in one hunk from the first line that differs to the last; empty when nothing does.
 * @param file as it is called from where the patch is applied
 * @param before undefined for a file that is not there yet
 */
export function unifiedDiff(file: string, before: string | undefined, after: string): string {
  if (before === after) return '';
  const [old, now] = [linesOf(before ?? ''), linesOf(after)];
  const most = Math.min(old.length, now.length);
  let same = 0;
  while (same < most && old[same] === now[same]) same++;
  let tail = 0;
  while (tail < most - same && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const from = Math.max(0, same - around);
  const behind = Math.min(around, tail);
  const context = (lines: readonly string[], start: number, end: number) => lines.slice(start, end).map((l) => ` ${l}`);
  const body = [
    ...context(old, from, same),
    ...old.slice(same, old.length - tail).map((line) => `-${line}`),
    ...now.slice(same, now.length - tail).map((line) => `+${line}`),
    ...context(old, old.length - tail, old.length - tail + behind),
  ];
  const counts = [old, now].map((lines) => lines.length - tail + behind - from);
  const [oldCount = 0, newCount = 0] = counts;
  const start = (count: number) => String(count === 0 ? 0 : from + 1);
  return [
    `--- ${before === undefined ? '/dev/null' : `a/${file}`}`,
    `+++ b/${file}`,
    `@@ -${start(oldCount)},${String(oldCount)} +${start(newCount)},${String(newCount)} @@`,
    ...body.map((line) => (line.endsWith('\n') ? line.slice(0, -1) : `${line}\n\\ No newline at end of file`)),
    '',
  ].join('\n');
}

/** Each with its own end, so that a last line without one is another line. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
