import { execFile } from 'node:child_process';
import { z } from 'zod';
import type { Problem } from './problem.ts';

const report = z.object({
  violations: z
    .array(
      z.object({
        title: z.string(),
        description: z.string(),
        location: z.object({ file: z.string(), row: z.int().min(0), col: z.int().min(0) }),
        related_resources: z.array(z.object({ ref: z.string() })).optional(),
      }),
    )
    .nullable(),
});

/**
 * What Regal (openpolicyagent.org/projects/regal) says of these directories. Style, not safety: warnings, whatever level it gives them.
 * A Regal that does not work is a warning too: it is somebody's wish, and no part of what keeps a policy right.
 */
export async function regalProblems(regal: string, folders: readonly string[]): Promise<readonly Problem[]> {
  const said = await run(regal, ['lint', '--format', 'json', ...folders]);
  const read = report.safeParse(said.report);
  if (!read.success) {
    const place = { file: folders[0] ?? '.', line: 1, column: 1 };
    const instead = 'Run regal lint by hand, or take it out of PATH.';
    return [{ ...place, check: 'regal/failed', severity: 'warning', message: `regal: ${said.error}`, instead }];
  }
  return (read.data.violations ?? []).map(({ title, description, location, related_resources: [resource] = [] }) => ({
    file: location.file,
    line: Math.max(1, location.row),
    column: Math.max(1, location.col),
    check: `regal/${title}`,
    severity: 'warning',
    message: description,
    instead: resource?.ref ?? 'See the rule in the documentation of Regal.',
  }));
}

/** Regal's exit code says that it found something: only its report counts. */
function run(regal: string, args: readonly string[]): Promise<{ readonly report: unknown; readonly error: string }> {
  return new Promise((resolve) => {
    execFile(regal, [...args], { maxBuffer: 64 << 20, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ report: jsonOf(stdout), error: stderr.trim() || error?.message || 'no report' });
    });
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no report: the caller shows what was said instead
  }
}
