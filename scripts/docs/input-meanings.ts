import {
  postgresEffects,
  functionCategories,
  type PostgresEffect,
  type FunctionCategory,
} from '../../gateway/contract/command-postgres.ts';
import type { Entrypoint } from '../../gateway/contract/command.ts';
import { sshMeanings } from './ssh-meanings.ts';

/** What each field under `input` means. A test compares the keys with the published schemas, both ways. */
export const frameMeanings: Readonly<Record<string, string>> = {
  v: 'Version of this input',
  request_id: 'ULID of this decision. The answer has to bring it back',
  'now.unix_ms': 'The minute in which the decision falls, in UTC: milliseconds since 1970',
  'now.rfc3339': 'The same, as text',
  'now.weekday': 'The same, as day of the week',
  'now.minute_of_day': 'The same, as minutes since midnight: 0 to 1439',
  'principal.id': 'Who, by the claim that the configuration names',
  'principal.kind': 'A person or an AI agent, by configuration',
  'principal.issuer': 'Issuer of the token',
  'principal.groups': 'Groups, by the claim that the configuration names',
  'principal.claims': 'Claims that the configuration lets through (`claims.pass`)',
  'principal.acts_for': 'On whose behalf (`act` of RFC 8693, turned round), nearest first',
  'principal.auth.method':
    'How they logged in. `jwt`: by the token itself, as a password or in a header; `oauthbearer`: by SASL. Over SSH by what stands for a token: a `certificate` of `sallyport ssh login`, a registered `key` alone, a one-time `code`, a login in a browser (`device`)',
  'principal.auth.at': 'When the token was issued, RFC 3339',
  'client.ip': 'Address of the client, without port',
  'client.application': 'What the client calls itself. It may lie: for display only',
  'target.name': 'The target, as in the configuration',
  'target.protocol': 'Its protocol',
  'target.labels': 'Its labels in the configuration, such as `env: prod`',
  'session.id': 'ULID of the session',
  'session.started_at': 'RFC 3339',
  'session.commands': 'Commands so far',
  'session.rows_returned': 'Rows sent to the client so far',
  'session.denials': 'Denials so far',
  'session.labels_read': 'Labels that came out so far, masked or not',
  'session.lookups':
    'Look-ups of labelled values by equality in the last 60 minutes, before this command: by this principal on this target, over all of its sessions at this gateway since it started; 0 for a command that makes none',
  'command.protocol': 'Which kind of command',
  'command.text': 'The command as it was sent',
  'command.labels': 'Labels of everything that it could bring out or write',
  'command.analysis.complete': 'Whether the parser could account for all of it',
  'command.analysis.reasons': 'If not: what it could not see through',
  'approval.id': 'The hold that was approved. `approval` is there only when policy is asked again after a hold',
  'approval.rules': 'Rules whose demand it satisfies',
  'approval.approvers': 'Who approved',
  'approval.scope': 'For this command, or for the session',
};

const strongest = 'The strongest effect, whatever the outer keyword: `with d as (delete ...) select` is a `delete`';

export const commandMeanings: Readonly<Record<Entrypoint, Readonly<Record<string, string>>>> = {
  postgres: {
    'command.action': strongest,
    'command.effects': 'All effects, strongest first',
    'command.kind':
      'The outer statement: PostgreSQL’s parse node in snake case without `_stmt`, such as `select` or `alter_table`',
    'command.relations[].schema': 'Of a table or anything like one that the statement touches, views seen through',
    'command.relations[].name': 'Its name',
    'command.relations[].kind': 'What it is',
    'command.relations[].access': 'One that is read and written is there twice',
    'command.relations[].columns':
      'Columns that the statement names or that `*` stands for; for a write, those it writes',
    'command.relations[].labels': 'Labels of those columns; where rows are changed, of all columns',
    'command.output[].name': 'Of a column of the result',
    'command.output[].sources':
      '`schema.relation.column` of each source; `schema.relation.column.member` where it is a member of JSON documents of whose others some are labelled',
    'command.output[].transform':
      '`plain`: the column itself. `derived`: made of it by functions that tell nothing else. `expression`: computed in any other way. `unknown`: not seen through',
    'command.output[].labels': 'Labels that can come out in it',
    'command.output[].paths[].path':
      'Where in a JSON document its labels are, as `address.phone`; `*` for any member or element. Absent where they are about the whole value',
    'command.output[].paths[].labels': 'Labels of what is there',
    'command.filters[].column':
      '`schema.relation.column` of a labelled column that is used otherwise than by leaving in an output column',
    'command.filters[].use':
      'What it is used for; `null_test`: only whether it is NULL; `equality`: to look rows up by one value that the client gives, or to write such a value where it has to be unique',
    'command.filters[].labels': 'Its labels',
    'command.lookups':
      'Comparisons with use `equality` that running the statement makes; an INSERT one for each row. PREPARE and FETCH make none',
    'command.copies[].column':
      'Column that comes to hold labelled values, or to be called another name, and does not carry their labels yet. The labels follow when the command is released',
    'command.copies[].labels': 'Those labels',
    'command.copies[].sources': 'Labelled columns that the values are made of',
    'command.measures[].what':
      'Something that it reads and that holds no labelled value, but may tell of one: a `counter` of the server, or a `plan`',
    'command.measures[].name':
      'Of a counter `relation.column`, or the function; of a plan `costs`, which the server estimates, or `work`, what was done',
    'command.measures[].tells':
      '`writing`: how much was written, and so how alike old and new values are. `room`: how much room values take, and so how long they are. `distinct`: how many different ones there are',
    'command.quotes':
      'Labels of what code of the database may quote that runs by itself, in a notice or an error: of triggers, event triggers, policies, checks and indexes. Results hold nothing of it',
    'command.functions[].schema': 'Of a function that the statement calls, operators and casts included',
    'command.functions[].name': 'Its name',
    'command.functions[].categories': 'What it can do',
    'command.unfiltered': 'An update, delete or merge whose condition is absent or always true',
    'command.limit': 'Rows at most, by a constant LIMIT or FETCH',
    'command.into': '`schema.name` that SELECT INTO or CREATE TABLE AS makes',
    'command.copy.direction': 'Of a COPY; `copy` is null without one',
    'command.copy.to': 'Where its data is',
    'command.copy.format': 'How its data is written; `other`: a format that the gateway does not read',
    'command.copy.unmaskable': 'Why no mask can be put on what it brings out; null where one can',
    'command.set[].name':
      'Setting that SET, RESET, set_config or ALTER ROLE/DATABASE changes; `*` where it is computed',
    'command.set[].value': 'Null: back to its default, or computed by the server',
    'command.set[].same':
      'It is that already: `SET ROLE` to the role whose privileges apply. Absent where it is not, or where nobody knows',
    'command.transaction.in': 'Inside a transaction block',
    'command.transaction.failed': 'Inside one that has failed',
    'command.batch.index': 'Place among the statements of one message, from 0',
    'command.batch.count': 'How many they are',
    'command.params': 'Bind parameters as text; binary ones without a text form as `\\x` hex',
    'command.fingerprint':
      '16 hex digits, the same for statements that differ in literals, parameters and how many of them a list has, in case, blanks and comments, and in the names of cursors, savepoints and prepared statements',
  },
  ssh: sshMeanings,
  session: {
    'command.action': 'Always `connect`',
    'command.effects': 'Always `["connect"]`',
    'command.user': 'The login at the target that the client named',
  },
  admin: {
    'command.action': 'What the caller wants',
    'command.effects': 'The same, as a list',
    'command.resource.kind': 'What the call is about: a hold, a session, a target, the log',
    'command.resource.id': 'Which one; empty for lists',
    'command.resource.owner':
      'Whose hold or session it is; of `targets.list` the caller, who asks for those that admit them, or nobody for all of them',
  },
};

export const effectMeanings = {
  opaque: 'runs code that the parser cannot see: DO, CALL, unknown functions',
  program: 'starts a program or touches the server’s files',
  grant: 'roles, privileges, ownership, security labels',
  ddl: 'changes the schema',
  truncate: 'empties tables',
  delete: 'deletes rows',
  update: 'changes rows',
  merge: 'MERGE',
  insert: 'adds rows',
  maintenance: 'VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, REFRESH',
  lock: 'LOCK TABLE, SELECT FOR UPDATE, advisory locks',
  notify: 'NOTIFY, LISTEN, UNLISTEN',
  set: 'SET, RESET, set_config',
  read: 'reads rows',
  explain: 'a plan without running it',
  transaction: 'BEGIN, COMMIT, SAVEPOINT and the like',
  session: 'SHOW, DISCARD, DEALLOCATE, CLOSE, the empty query',
} as const satisfies Record<PostgresEffect, string>;

export const categoryMeanings = {
  aggregate: 'many rows into one value',
  pure: 'computes from its arguments and nothing else',
  volatile: 'the clock, random numbers, the session’s state',
  file: 'files of the server',
  network: 'other hosts',
  program: 'programs on the server',
  dynamic_sql: 'runs SQL that it gets as text',
  large_object: 'large objects, which have no columns and so no labels',
  set_config: 'changes a setting',
  notify: 'sends a notification',
  lock: 'advisory locks',
  admin: 'administers the server',
  sequence: 'sequences',
  statistics: 'statistics, which hold values of columns',
  counter: 'what the server counts of its own work: see `measures`',
  unknown: 'not built in, so nobody knows what it does',
} as const satisfies Record<FunctionCategory, string>;

export const effectOrder = postgresEffects;
export const categoryOrder = functionCategories;
