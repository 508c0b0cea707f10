import fc from 'fast-check';
import { adminActions, type AdminCommand, type ConnectCommand } from '../contract/command.ts';
import {
  columnUses,
  copyFormats,
  functionCategories,
  measureTells,
  postgresEffects,
  type PostgresCommand,
} from '../contract/command-postgres.ts';
import type { SshCommand } from '../contract/command-ssh.ts';
import type { SessionFrame } from '../contract/ports.ts';
import { readLine, sshRequest } from '../facts/shell/index.ts';
import { statement } from './commands.ts';

/** Random inputs for tests of policies: names that rules know, and names that they do not. */
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
/** Mostly nothing: with every fact at once, all that comes out is a deny. */
const seldom = <T>(item: fc.Arbitrary<T>) => mostly<T[]>([], some(item));
const mostly = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const label = fc.constantFrom('pii.ssn', 'pii.email', 'pci.pan', 'hr.salary', 'unknown');
const name = fc.oneof(
  fc.constantFrom('customers', 'orders', '*', 'client_encoding', 'role', 'search_path'),
  fc.string({ maxLength: 8, unit: 'grapheme' }),
);
const groupNames = [
  'readers',
  'support',
  'developers',
  'dba',
  'compliance',
  'approvers',
  'auditors',
  'agents',
  'operators',
  'x',
];

/** One SQL statement, with facts in any combination. */
export const statements: fc.Arbitrary<PostgresCommand> = fc
  .record({
    effects: fc.uniqueArray(
      fc.oneof(fc.constantFrom('read', 'insert', 'update', 'ddl'), fc.constantFrom(...postgresEffects)),
      {
        maxLength: 3,
      },
    ),
    kind: fc.constantFrom('select', 'delete', 'create_function', 'create_extension', 'alter_table', 'variable_set'),
    labels: seldom(label),
    unfiltered: mostly(false, fc.constant(true)),
    analysis: fc.record({ complete: mostly(true, fc.constant(false)), reasons: some(fc.string({ maxLength: 10 })) }),
    relations: seldom(
      fc.record({
        schema: fc.oneof(fc.constantFrom('public', 'pg_catalog'), name),
        name,
        kind: fc.constantFrom('table' as const, 'view' as const),
        access: fc.constantFrom('read' as const, 'write' as const),
        columns: some(name),
        labels: some(label),
      }),
    ),
    output: seldom(
      fc.record({
        name,
        sources: some(name),
        transform: fc.constantFrom('plain' as const, 'expression' as const),
        labels: some(label),
      }),
    ),
    filters: seldom(fc.record({ column: name, use: fc.constantFrom(...columnUses), labels: some(label) })),
    copies: seldom(fc.record({ column: name, labels: some(label), sources: some(name) })),
    quotes: seldom(label),
    measures: seldom(
      fc.record({
        what: fc.constantFrom('counter' as const, 'plan' as const),
        name: fc.oneof(fc.constantFrom('costs', 'work'), name),
        tells: fc.constantFrom(...measureTells),
      }),
    ),
    functions: seldom(
      fc.record({
        schema: name,
        name: fc.oneof(fc.constantFrom('pg_advisory_unlock', 'pg_logical_emit_message'), name),
        categories: some(fc.constantFrom(...functionCategories)),
      }),
    ),
    set: seldom(fc.record({ name, value: fc.option(fc.oneof(fc.constant("'UTF8'"), name), { nil: null }) })),
    into: mostly<string | null>(null, name),
    copy: mostly<PostgresCommand['copy']>(
      null,
      fc.record({
        direction: fc.constantFrom('in', 'out'),
        to: fc.constantFrom('client', 'file', 'program'),
        format: fc.constantFrom(...copyFormats),
        unmaskable: fc.option(name, { nil: null }),
      }),
    ),
  })
  .map((changes) => statement({ ...changes, action: changes.effects[0] ?? 'session' }));

const line = fc
  .tuple(
    fc.constantFrom('', 'sudo ', 'env LD_PRELOAD=/x ', 'x=1 ', 'xargs ', 'timeout 5 '),
    fc.constantFrom(
      'ls',
      'cat /etc/hosts',
      'rm -rf /srv',
      '$x',
      'eval "$x"',
      'uptime',
      'python3 -c 1',
      'ssh h id',
      'scp -t /x',
      'vi',
    ),
    fc.constantFrom('', ' > /etc/x', ' < $x', ' | sh', '; id', ' "'),
  )
  .map((parts) => parts.join(''));

const requests = fc.oneof(
  fc.constantFrom('INT', 'KILL').map((signal) => sshRequest('signal', ['signal'], { signal })),
  fc
    .constantFrom('LANG', 'LC_ALL', 'LD_PRELOAD', 'GIT_PROTOCOL')
    .chain((variable) => name.map((value) => sshRequest('env', ['set'], { env: [{ name: variable, value }] }))),
  fc.boolean().map((pty) => sshRequest('shell', ['shell'], { pty })),
  name.map((subsystem) => sshRequest('subsystem', ['subsystem'], { subsystem })),
  fc.constantFrom('local', 'remote', 'agent', 'x11', 'tunnel').map((kind) =>
    sshRequest('forward', ['forward'], {
      forward: { kind, host: '127.0.0.1', host_is: 'loopback', port: 22, path: null },
    }),
  ),
);

/** A simple command of a line, as the parser sees it, or another request. */
export const sshCommands: fc.Arbitrary<SshCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(line, mostly(false, fc.constant(true)), fc.nat()).map(commandOfLine) },
  { weight: 1, arbitrary: requests },
);

function commandOfLine([text, pty, nth]: readonly [string, boolean, number]): SshCommand {
  const read = readLine(text, { shell: 'bash', pty });
  if (!read.ok) throw new Error(read.why);
  return read.commands[nth % read.commands.length] ?? read.commands[0];
}

export const people: fc.Arbitrary<Partial<SessionFrame['principal']>> = fc.record({
  id: fc.constantFrom('ana', 'bob'),
  kind: fc.constantFrom('human', 'agent'),
  groups: some(fc.constantFrom(...groupNames)),
  acts_for: fc.constantFrom([], ['ana']),
});

const rest = { text: '', labels: [], analysis: { complete: true, reasons: [] } } as const;

export const connects: fc.Arbitrary<ConnectCommand> = name.map((user) => ({
  ...rest,
  protocol: 'session',
  action: 'connect',
  effects: ['connect'],
  user,
}));

export const apiCalls: fc.Arbitrary<AdminCommand> = fc
  .record({ action: fc.constantFrom(...adminActions), kind: name, owner: fc.constantFrom('ana', 'bob', '') })
  .map(({ action, kind, owner }) => ({
    ...rest,
    protocol: 'admin',
    action,
    effects: [action],
    resource: { kind, id: '1', owner },
  }));
