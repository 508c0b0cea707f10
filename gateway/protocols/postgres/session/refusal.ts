import { createHash } from 'node:crypto';
import type { SqlAnalysis } from '../../../facts/sql/index.ts';
import type { Report } from '../codec/errors.ts';

/** Text that no parser has read may hold anything, passwords too: the log gets its digest. */
export function digest(text: Buffer): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')} (${text.length} bytes, not parsed)`;
}

/** A statement that could not be read, as the server itself would say it where it has words for it. */
export function refusal(analysis: SqlAnalysis & { ok: false }): Report {
  const { message, why } = analysis;
  switch (why) {
    case 'syntax': {
      const report = error(analysis.sqlstate, message);
      return analysis.position === undefined ? report : { ...report, position: analysis.position };
    }
    case 'too-long':
      return error('54000', message, 'Send the data as parameters or with COPY.');
    case 'too-deep':
    case 'deadline':
    case 'crashed':
      return error('54001', message, 'Simplify the statement.');
    case 'encoding':
      return error('22021', message, 'The gateway reads UTF-8 only.');
    case 'grammar':
      return error('0A000', message);
    case 'busy':
      return error('53000', message, 'Try again.');
    default:
      return why satisfies never;
  }
}

export function error(sqlstate: string, message: string, hint?: string): Report {
  const report: Report = { severity: 'ERROR', sqlstate, message };
  return hint === undefined ? report : { ...report, hint };
}
