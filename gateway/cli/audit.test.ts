import { expect, test } from 'vitest';
import { entryTable } from './audit.ts';

test('the table names each rule once, however many columns it was about', () => {
  const entry = {
    index: 7,
    type: 'decision' as const,
    time: '2026-11-21T09:00:00.000Z',
    identity: 'ana',
    session: 's',
    request: 'r',
    target: 'crm',
    action: 'read',
    effect: 'deny',
    command: 'select * from customers order by ssn',
    revision: '1',
    findings: ['PG-010', 'PG-200', 'PG-200', 'PG-200'],
    detail: {},
  };
  expect(entryTable([entry]).split('\n')).toEqual([
    'TIME                      TYPE      IDENTITY  TARGET  ACTION  EFFECT  FINDINGS       COMMAND',
    '2026-11-21T09:00:00.000Z  decision  ana       crm     read    deny    PG-010 PG-200  select * from customers order by ssn',
  ]);
});
