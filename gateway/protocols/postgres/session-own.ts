import { SallyportError } from '../../contract/errors.ts';
import type { Frame } from './frames.ts';
import type { Expected } from './pipeline.ts';
import { columnsOfRow, PgRows } from './results.ts';

/**
 * Rows of a query that the gateway asked for itself.
 * @throws SallyportError `protocol-violation` for a row that is not what its length says: a target that lies to us is left
 */
export function readOwnRows(frame: Frame, rows: number): readonly (readonly (string | null)[])[] {
  try {
    const batch = new PgRows(columnsOfRow(frame, []), frame.buffer, frame.start, frame.end, rows);
    return batch.texts(Number.MAX_SAFE_INTEGER);
  } catch (cause) {
    throw new SallyportError('protocol-violation', 'the target sent a row that is none', { cause });
  }
}

export function need(frame: Frame, tag: number, expected: Expected): void {
  if (frame.tag !== tag) throw unexpected(frame, expected.kind);
}

export function unexpected(frame: Frame, awaited: string): SallyportError {
  const tag = String.fromCharCode(frame.tag);
  return new SallyportError('protocol-violation', `the target sent "${tag}" where ${awaited} was awaited`);
}
