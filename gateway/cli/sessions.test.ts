import { expect, test } from 'vitest';
import type { SessionView } from '../api/views.ts';
import { countsOf } from './sessions.ts';

const session: SessionView = {
  id: '01JD8C3V7Y8W2QK5ZT4M9RXB6N',
  protocol: 'ssh',
  principal: { id: 'olga', kind: 'human', acts_for: [] },
  target: 'web1',
  client: { ip: '127.0.0.1', application: 'OpenSSH' },
  started_at: '2026-11-21T09:00:00.000Z',
  ended_at: null,
  end_reason: null,
  commands: 0,
  denials: 0,
  rows: 0,
  recording: null,
};

test('a session shows its counts, zeros too', () => {
  expect(countsOf({ ...session, commands: 3 })).toEqual(['3', '0', '0']);
});

test('a session that this gateway does not count shows none: a zero would say that nothing was done', () => {
  expect(countsOf({ ...session, commands: null, denials: null, rows: null })).toEqual(['', '', '']);
});
