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

test('an open session shows no counts: they are not known before it ends', () => {
  expect(countsOf(session)).toEqual(['', '', '']);
});

test('a session that has ended shows its counts, zeros too', () => {
  expect(countsOf({ ...session, ended_at: '2026-11-21T09:01:00.000Z', commands: 3 })).toEqual(['3', '0', '0']);
});
