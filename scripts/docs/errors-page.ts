import { exitCodes } from '../../gateway/cli/exit.ts';
import { errorCodes } from '../../gateway/contract/errors.ts';
import { denialCodes } from '../../gateway/contract/exchange.ts';
import { refusals as loginRefusals } from '../../gateway/identity/refusal.ts';
import { refusals } from '../../gateway/policy/engine/refusals.ts';
import { denialSqlstate } from '../../gateway/protocols/postgres/codec/errors.ts';
import { denialMeanings, errorMeanings, loginMeanings, sqlstateMeanings } from './error-meanings.ts';
import { code, generatedNote, table } from './markdown.ts';
import { packRules } from './rules.ts';

const exitMeanings = {
  ok: 'Done',
  refused: 'Asked, and the answer was no: refused, not found, or a check that failed',
  usage: 'The command line or the configuration is wrong: nothing was asked',
  unreachable: 'Nobody answered: gateway, issuer or database',
  login: 'No token, or one that was not accepted: log in and try again',
} as const satisfies Record<keyof typeof exitCodes, string>;

export function errorsPage(): string {
  return `${generatedNote}
# Errors, denials and exit codes

## What a denied client sees

\`\`\`text
ERROR:  denied by policy: delete on every row of public.customers [PG-002]
DETAIL:  request 01KA... revision 3f2c...
HINT:  Add a WHERE clause.
\`\`\`

The id in brackets is the rule’s. The request is what the audit log and the recording are searched by:
\`sallyport audit query --request 01KA...\`. The session goes on; a transaction block has failed, as after any error of the server’s own.

## Denials

${table(
  ['code', 'SQLSTATE', 'meaning'],
  denialCodes.map((c) => [code(c), code(denialSqlstate[c]), denialMeanings[c]]),
)}

## SQLSTATEs of the gateway

What the target itself answers keeps the target’s code.

${table(
  ['SQLSTATE', 'meaning'],
  Object.entries(sqlstateMeanings)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, meaning]) => [code(state), meaning]),
)}

## Rules of the default pack

${table(
  ['id', 'finding', 'rule'],
  packRules().map((r) => [
    code(r.id),
    r.kinds.join(', '),
    `[${r.title}](../../policies/rules/${r.file})${r.description === '' ? '' : `. ${r.description}`}`,
  ]),
)}

## When policy itself cannot answer

These deny, whatever the rules say.

${table(
  ['id', 'meaning'],
  Object.entries(refusals).map(([id, meaning]) => [code(id), meaning]),
)}

## Tokens that are not believed

The client is told in a sentence what to do. Log and metrics count by these.

${table(
  ['reason', 'meaning'],
  loginRefusals.map((why) => [code(why), loginMeanings[why]]),
)}

## Error codes

In the gateway’s log and in brackets at the end of what \`sallyport\` prints: something is broken.

${table(
  ['code', 'meaning'],
  errorCodes.map((c) => [code(c), errorMeanings[c]]),
)}

## Exit codes of \`sallyport\`

${table(
  ['code', 'meaning'],
  Object.entries(exitCodes).map(([name, n]) => [code(String(n)), exitMeanings[name as keyof typeof exitCodes]]), // Object.entries of this very object
)}
`;
}
