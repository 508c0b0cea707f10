import { expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import { denialCodes } from '../../../contract/exchange.ts';
import { asId } from '../../../contract/ids.ts';
import { parseReport } from './backend.ts';
import { brokenReport, denialReport, denialSqlstate, encodeError, holdReport } from './errors.ts';

function read(bytes: Buffer): ReadonlyMap<string, string> {
  return parseReport({ tag: bytes[0] ?? 0, buffer: bytes, start: 0, end: bytes.length });
}

test('a denial reads as an error with the request and the revision in its detail and the finding’s hint', () => {
  const report = denialReport({
    code: 'policy',
    message: 'denied by policy: delete on every row of public.customers [PG-002]',
    hint: 'Add a WHERE clause.',
    requestId: asId('01J'),
    revision: asId('3f2c'),
  });
  expect([...read(encodeError(report))]).toEqual([
    ['S', 'ERROR'],
    ['V', 'ERROR'],
    ['C', '42501'],
    ['M', 'denied by policy: delete on every row of public.customers [PG-002]'],
    ['D', 'request 01J revision 3f2c'],
    ['H', 'Add a WHERE clause.'],
  ]);
});

test.each(denialCodes)('the denial %s has a SQLSTATE, and only the end of the session is fatal', (code) => {
  const report = denialReport({ code, message: 'no', requestId: asId('r'), revision: asId('v') });
  expect(denialSqlstate[code]).toMatch(/^[0-9A-Z]{5}$/);
  expect(report.severity).toBe(code === 'session_ended' ? 'FATAL' : 'ERROR');
});

test('a NUL in a message cannot end its field early', () => {
  const fields = read(encodeError({ severity: 'ERROR', sqlstate: '42501', message: 'a\0Cb' }));
  expect(fields.get('M')).toBe('a\uFFFDCb');
  expect(fields.get('C')).toBe('42501');
});

test('what the log is told of a target does not reach the client', () => {
  const report = brokenReport(new SallyportError('upstream-auth', 'password for svc@10.0.0.7 refused'));
  expect(report.sqlstate).toBe('08004');
  expect(JSON.stringify(report)).not.toContain('10.0.0.7');
  expect(brokenReport(new Error('secret')).message).not.toContain('secret');
});

test('a client reads what was wrong with its own bytes', () => {
  expect(brokenReport(new SallyportError('protocol-violation', 'Sync has 1 bytes too many')).message).toContain(
    '1 bytes too many',
  );
});

test('a waiting client is told what it waits for, of whom, until when and how', () => {
  const report = holdReport({
    id: asId('H1'),
    requestId: asId('R1'),
    message: 'deletes need a second pair of eyes [PG-010]',
    groups: ['dba'],
    expiresAtMs: 0,
    how: 'sallyport approvals approve H1',
  });
  expect(report.message).toBe(
    'waiting for approval from dba until 1970-01-01T00:00:00.000Z: deletes need a second pair of eyes [PG-010]',
  );
  expect(report.hint).toBe('sallyport approvals approve H1');
});
