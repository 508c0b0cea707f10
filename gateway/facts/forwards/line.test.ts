import { describe, expect, test } from 'vitest';
import { isForwardLine, readForwardLine } from './index.ts';

describe('a line of a forward or a subsystem', () => {
  test.each([
    ['forward local db:5432', { kind: 'local', host: 'db', port: 5432, path: null }],
    ['forward local [::1]:22', { kind: 'local', host: '::1', port: 22, path: null }],
    ['forward local /run/db.sock', { kind: 'local', host: null, port: null, path: '/run/db.sock' }],
    ['forward remote 0.0.0.0:8080', { kind: 'remote', host: '0.0.0.0', port: 8080, path: null }],
    ['forward remote :0', { kind: 'remote', host: '', port: 0, path: null }],
    ['forward agent', { kind: 'agent', host: null, port: null, path: null }],
    ['forward x11', { kind: 'x11', host: null, port: null, path: null }],
    ['forward tunnel', { kind: 'tunnel', host: null, port: null, path: null }],
  ])('%s is read, and written the same again', (line, forward) => {
    expect(isForwardLine(line)).toBe(true);
    const command = { request: 'forward', action: 'forward', text: line, forward };
    expect(readForwardLine(line)).toMatchObject({ ok: true, command });
  });

  test('a subsystem has its name', () => {
    const command = { request: 'subsystem', action: 'subsystem', text: 'subsystem netconf', subsystem: 'netconf' };
    expect(readForwardLine('subsystem netconf')).toMatchObject({ ok: true, command });
  });

  test('a place has its one spelling, as in production', () => {
    const command = { text: 'forward local 127.0.0.1:80', forward: { host: '127.0.0.1' } };
    for (const host of ['2130706433', '0x7f.1', '127.1', '[::ffff:127.0.0.1]'])
      expect(readForwardLine(` forward  local ${host}:80 `)).toMatchObject({ ok: true, command });
  });

  test.each([
    ['forward', 'no forward'],
    ['forward lcoal db:80', 'no forward "lcoal"'],
    ['forward local', 'HOST:PORT'],
    ['forward local db', 'HOST:PORT'],
    ['forward local ::1:80', 'HOST:PORT'],
    ['forward local :80', 'no name and no address'],
    ['forward local db:0', 'no port'],
    ['forward local db:65536', 'no port'],
    ['forward local db:80 web:80', 'one place'],
    ['forward local /run/../db', 'plain form'],
    ['forward agent db:80', 'has no place'],
    ['subsystem', 'one name'],
    ['subsystem a b', 'one name'],
    [`subsystem ${'x'.repeat(65)}`, 'one name'],
    ['subsystem sftp', 'sftp: list'],
  ])('%j is refused, and says why', (line, why) => {
    expect(isForwardLine(line)).toBe(true);
    const read = readForwardLine(line);
    expect(read.ok ? '' : read.why).toContain(why);
  });

  test.each(['./forward local db:80', 'forwards', 'subsystems x', 'echo forward local db:80', ''])(
    '%j is a line of shell',
    (line) => {
      expect(isForwardLine(line)).toBe(false);
    },
  );
});
