import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SallyportError } from '../contract/errors.ts';
import { openLog, type Log } from './log.ts';
import { scrubLine, scrubText } from './scrub.ts';

/** What is logged while `act` runs, parsed; every line has to be JSON by itself. */
function logged(act: (log: Log) => void): {
  readonly text: string;
  readonly lines: readonly Record<string, unknown>[];
} {
  let text = '';
  act(openLog({ level: 'debug', sink: { write: (line) => void (text += line) } }));
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>); // our own lines: JSON objects, or the parse fails
  return { text, lines };
}

const canary = 'hunter2canary';
const jwt = `eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbmEiLCJhdWQiOiJ4In0.${canary}`;
const pem = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI${canary}\nAwEHoUQDQgAE\n-----END EC PRIVATE KEY-----`;

/** Ways in which a secret has got into other people's logs. */
const leaks: readonly (readonly [string, (log: Log) => void])[] = [
  ['a token in the message', (log) => log.info(`refused ${jwt}`)],
  ['a token cut off in the middle', (log) => log.info(`refused eyJhbGciOiJFUzI1NiJ9${canary}`)],
  ['a field that is not listed', (log) => log.info({ password: canary }, 'login')],
  ['an object in a listed field', (log) => log.info({ note: { password: canary } }, 'login')],
  ['a secret as a number field', (log) => log.info({ port: `${canary}` }, 'login')],
  ['an object in a list', (log) => log.info({ issuers: [{ key: canary }] }, 'login')],
  ['a message with placeholders', (log) => log.info({}, 'login %s %o')],
  ['a bearer header', (log) => log.warn({ note: `authorization: Bearer ${canary}` }, 'call failed')],
  ['a basic header', (log) => log.warn({ note: `Authorization: Basic ${canary}==` }, 'call failed')],
  ['OAUTHBEARER', (log) => log.warn({ note: `n,,\u0001auth=Bearer ${canary}\u0001\u0001` }, 'sasl')],
  ['a connection URL', (log) => log.error({ note: `postgres://app:${canary}@db.internal:5432/crm` }, 'cannot connect')],
  [
    'a connection URL with an odd password',
    (log) => log.error({ note: `https://app:p@ss/${canary}@db/` }, 'cannot connect'),
  ],
  [
    'a key-value connection string',
    (log) => log.error({ note: `host=db password=${canary} user=app` }, 'cannot connect'),
  ],
  ['JSON in a text', (log) => log.error({ note: JSON.stringify({ client_secret: canary, a: 1 }) }, 'token endpoint')],
  [
    'JSON in JSON in a text',
    (log) => log.error({ note: JSON.stringify(JSON.stringify({ access_token: canary })) }, 'x'),
  ],
  ['a form body', (log) => log.error({ note: `grant_type=x&refresh_token=${canary}&scope=y` }, 'token endpoint')],
  ['CREATE ROLE', (log) => log.error({ note: `create role a login password '${canary}'` }, 'statement')],
  [
    'CREATE ROLE with a quote in it',
    (log) => log.error({ note: `ALTER ROLE a PASSWORD 'it''s ${canary}'` }, 'statement'),
  ],
  [
    'a password in double quotes with spaces',
    (log) => log.error({ note: `{"password": "it's a long ${canary}"}` }, 'x'),
  ],
  ['a password in single quotes with spaces', (log) => log.error({ note: `password='a long ${canary}'` }, 'x')],
  [
    'a password with quotes and backslashes',
    (log) => log.error({ note: `ALTER ROLE a PASSWORD 'a"b\\${canary}'` }, 'x'),
  ],
  ['a password with a backslash', (log) => log.error({ note: `password=a\\b${canary}` }, 'x')],
  ['a SCRAM verifier', (log) => log.error({ note: `SCRAM-SHA-256$4096:salt$${canary}:server` }, 'rolpassword')],
  ['a private key', (log) => log.error({ note: pem }, 'cannot read')],
  ['half a private key', (log) => log.error({ note: pem.slice(0, 60) }, 'cannot read')],
  ['an error’s message', (log) => log.error({ err: new Error(`bad token ${jwt}`) }, 'x')],
  ['an error instead of fields', (log) => log.error(new Error(`bad token ${jwt}`))],
  [
    'an error’s other properties',
    (log) => log.error({ err: Object.assign(new Error('x'), { config: { headers: canary } }) }, 'x'),
  ],
  ['an error’s cause', (log) => log.error({ err: new Error('x', { cause: new Error(pem) }) }, 'x')],
  ['a cause that is no error', (log) => log.error({ err: new Error('x', { cause: { token: canary } }) }, 'x')],
  ['several errors in one', (log) => log.error({ err: new AggregateError([new Error(`pwd=${canary}`)], 'x') }, 'x')],
  [
    'a database’s error, which quotes data',
    (log) =>
      log.error(
        { err: Object.assign(new Error(`invalid input "${canary}"`), { severity: 'ERROR', code: '22P02' }) },
        'x',
      ),
  ],
  ['JSON that does not parse, which is quoted', (log) => log.error({ err: parseError(`${canary} {`) }, 'x')],
  ['fields of a child', (log) => log.child({ note: `token=${canary}` }).info('x')],
  ['the name of a field', (log) => log.info({ [`token=${canary}`]: 1 }, 'x')],
];

function parseError(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

test.each(leaks)('no secret is logged: %s', (_, leak) => {
  const { text, lines } = logged(leak);
  expect(lines).toHaveLength(1);
  expect(text).not.toContain(canary);
  expect(text).not.toContain('[object');
});

test('the canary would be seen if it were logged', () => {
  expect(logged((log) => log.info({ principal: canary }, 'login')).text).toContain(canary);
});

test('the last line of defence works on a finished line of JSON, and leaves it JSON', () => {
  for (const secret of [
    jwt,
    pem,
    `password="${canary}"`,
    `Bearer ${canary}`,
    `x://a:${canary}@b`,
    `PASSWORD '${canary}'`,
  ]) {
    const line = scrubLine(JSON.stringify({ a: secret, b: { token: canary, n: 1 } }));
    expect(line).not.toContain(canary);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
});

test('whatever a text is, its scrubbed line stays JSON', () => {
  const pieces = fc.constantFrom(
    'password=',
    'token',
    ':',
    '"',
    '\\',
    '\\"',
    "'",
    ' ',
    'é',
    '\u0001',
    'Bearer abc',
    jwt,
    pem,
    pem.slice(0, 50),
    'x://',
    'a:b',
    '@',
    '\n',
    'n',
    'PASSWORD ',
    '[',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const line = scrubLine(JSON.stringify({ a: parts.join(''), b: 1 }));
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(scrubText(parts.join(''))).not.toBe('[withheld]');
    }),
    { numRuns: 1000 },
  );
});

test('harmless words keep their meaning', () => {
  for (const text of [
    'password authentication failed for user "app"',
    'token is expired',
    'the secret is missing',
    'public.tokens: 3 rows',
  ]) {
    expect(scrubText(text)).toBe(text);
  }
});

test('listed fields are logged as they are, the others only by name', () => {
  const { lines } = logged((log) =>
    log
      .child({ session: 's1' })
      .warn({ principal: 'ana', count: 3, cached: true, issuers: ['a', 'b'], rows_of_data: ['x'] }, 'look'),
  );
  expect(lines[0]).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    session: 's1',
    principal: 'ana',
    count: 3,
    cached: true,
    issuers: ['a', 'b'],
    withheld: ['rows_of_data'],
    msg: 'look',
  });
});

test('an error keeps what tells where it came from', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  const { lines } = logged((log) =>
    log.error({ err: new SallyportError('upstream-refused', 'crm is down', { cause }) }, 'x'),
  );
  expect(lines[0]?.['err']).toMatchObject({
    type: 'SallyportError',
    code: 'upstream-refused',
    message: 'crm is down',
    stack: expect.stringContaining('log.test.ts') as unknown,
    cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' },
  });
});

test('a text cannot begin a line of its own or move the terminal', () => {
  const { text } = logged((log) => log.info({ principal: 'ana\n{"level":"error"}\u001b[2J' }, 'login\nadmin'));
  const line = text.trimEnd();
  expect([line.includes('\n'), line.includes('\u001b')]).toEqual([false, false]);
});

test('a megabyte of text makes a short line', () => {
  const { text } = logged((log) => log.info({ note: 'password='.repeat(200_000) }, 'x'.repeat(1_000_000)));
  expect(text.length).toBeLessThan(5_000);
});

test('errors that refer to themselves, or are nothing like errors, are logged all the same', () => {
  const loop = new Error('loop');
  loop.cause = loop;
  const odd = Object.assign(new Error('x'), { name: 7, message: { toString: () => 'odd' } });
  expect(logged((log) => [loop, odd, 'text', null, 7].forEach((err) => log.error({ err }, 'x'))).lines).toHaveLength(5);
});

test('below its level a log is silent', () => {
  let text = '';
  const log = openLog({ level: 'warn', sink: { write: (line) => void (text += line) } });
  log.info('x');
  log.debug({}, 'x');
  expect(text).toBe('');
});
