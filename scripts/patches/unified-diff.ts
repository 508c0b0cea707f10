/** One file of a unified diff: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html */
export interface FilePatch {
  /** Behind `a/` and `b/`. */
  readonly file: string;
  readonly hunks: readonly Hunk[];
}
interface Hunk {
  /** From 1, in the file as it was. */
  readonly start: number;
  /** Each with ` `, `-` or `+` before it. */
  readonly lines: readonly string[];
}

/** @throws Error at what is none of the lines that a unified diff of text files has */
export function parseUnifiedDiff(text: string): readonly FilePatch[] {
  const patches: { file: string; hunks: { start: number; lines: string[] }[] }[] = [];
  let was: string | undefined;
  for (const [i, line] of text.split('\n').slice(0, -1).entries()) {
    const bad = (): never => {
      throw new Error(`line ${String(i + 1)} of the patch is none of a unified diff`);
    };
    const old = /^--- a\/(.+)$/.exec(line)?.[1];
    const now = /^\+\+\+ b\/(.+)$/.exec(line)?.[1];
    const start = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(line)?.[1];
    if (old !== undefined) was = old;
    else if (now !== undefined) patches.push(now === was ? { file: now, hunks: [] } : bad());
    else if (start !== undefined) (patches.at(-1) ?? bad()).hunks.push({ start: Number(start), lines: [] });
    else if (/^[ +-]/.test(line)) (patches.at(-1)?.hunks.at(-1) ?? bad()).lines.push(line);
    else bad();
  }
  return patches;
}

/** Exactly where the patch says, or not at all. @throws Error when the text is another there */
export function applyPatch(text: string, { file, hunks }: FilePatch): string {
  const before = text.split('\n');
  const after: string[] = [];
  let at = 0;
  for (const { start, lines } of hunks) {
    after.push(...before.slice(at, start - 1));
    at = start - 1;
    for (const line of lines) {
      const [kind, content] = [line[0], line.slice(1)];
      if (kind !== '+' && before[at++] !== content)
        throw new Error(`${file} is not the file that the patch was made for: line ${String(at)} differs`);
      if (kind !== '-') after.push(content);
    }
  }
  return [...after, ...before.slice(at)].join('\n');
}
