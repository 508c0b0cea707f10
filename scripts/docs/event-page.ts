import { auditTypes, type AuditEvent, type AuditType } from '../../gateway/contract/event.ts';
import { code, generatedNote, table } from './markdown.ts';

const fieldMeanings = {
  type: 'Kind of entry, see below',
  time: 'RFC 3339 with milliseconds, UTC',
  identity: 'Principal; `-` before anyone is proven, `gateway` for its own acts',
  session: 'ULID of the session; empty outside of one',
  request: 'ULID of the command: what a denied client was told',
  target: 'Target; `gateway` for calls of its own API',
  action: 'What was asked: a command’s strongest effect, an admin action, or the entry’s own verb',
  effect: 'How it ended: a decision’s effect; else `ok`, `refused`, `failed` or the hold’s resolution',
  command: 'The exact command, with secrets and labelled literals blanked; empty where there is none',
  revision: 'Bundle in force; empty before one is',
  findings: 'Ids of the rules that matched, in order; as often as each did, which is once for each column it was about',
  detail: 'What belongs to this kind of entry alone',
} as const satisfies Record<keyof AuditEvent, string>;

/** What, when, and how safe it is before anything follows from it. */
const typeMeanings = {
  'gateway.start': 'The gateway started.',
  'gateway.stop': 'It stopped in order. Two starts without a stop between them: it was killed.',
  'bundle.activated': 'A bundle came into force. `detail`: sequence, digest, key, expiry.',
  'bundle.refused': 'A bundle was not taken, and why. The one before stays in force.',
  'login.refused':
    'No session: a token that was not believed, a target that does not exist, or a no of `rules.session`.',
  'session.start':
    'A principal was admitted to a target. `detail.method`: how they logged in, as `input.principal.auth.method`.',
  'session.end': 'A session ended, and why.',
  decision:
    'One command was judged. Written before it takes effect; flushed to disk first when it changes something. With the action `connect`: policy no longer admits a session, which ends.',
  'file.content':
    'An open file was closed, or its session ended. `detail.contents`: for each piece that went without a gap its direction (`in`: to the target), offset, bytes and SHA-256; past 64 pieces the rest is one, `scattered`.',
  'hold.opened': 'A command waits for an approval. `detail`: hold, digest, groups, quorum.',
  'hold.resolved':
    'A hold is over: `approved`, `refused`, `expired` or `cancelled`. `detail`: by whom, and the reason that they gave or that there was.',
  refused: 'Something that never became a command: it did not parse, was too long, or broke the protocol.',
  admin: 'A call of the gateway’s API, or a reloaded configuration.',
  'label.followed':
    'A column came to carry labels because labelled values were copied into it, or because it was renamed. Written before the copy runs. `detail`: database, column, labels, sources. The identity is `gateway` where it was found in the catalog.',
  'recording.closed': 'A recording is complete. `detail`: its SHA-256 and size, so that a change of the file shows.',
  'recording.read': 'Somebody replayed a session.',
} as const satisfies Record<AuditType, string>;

const judgedMeanings = {
  principal: 'As policy saw it: `input.principal`, claims that the configuration passes on included',
  target: '`input.target`; of a call of the API the gateway itself',
  client: '`input.client`',
  session: '`input.session`',
  minute: '`input.now.unix_ms`',
  facts: '`input.command` without its text, which is the entry’s `command`',
  decision: 'The answer, whole: effect, findings with their words, masks, limits, revision',
} as const;

export function eventPage(): string {
  return `${generatedNote}
# Audit events

Each entry of the audit log is one JSON object. \`sallyport audit query\` finds them, and \`--json\` shows them whole. The log is a tiled
transparency log ([C2SP tlog-tiles](https://c2sp.org/tlog-tiles)): an entry is at most 65,535 bytes, longer texts are cut and carry a digest.

## Fields

${table(
  ['field', 'meaning'],
  Object.entries(fieldMeanings).map(([name, meaning]) => [code(name), meaning]),
)}

## Types

${table(
  ['type', 'what happened'],
  auditTypes.map((type) => [code(type), typeMeanings[type]]),
)}

## \`detail.judged\`

Commands on a target stand in their recording with all that they were decided from. Log-ins and calls of the gateway’s API have no recording, so their entries
(\`session.start\`, \`login.refused\`, \`admin\`, \`recording.read\`, and \`decision\` with the action \`connect\`) keep it themselves, and
\`sallyport policy replay --request ID\` makes the decision again from the entry and the archived bundle. A log-in that was refused before policy was asked has none.

${table(
  ['field', 'meaning'],
  Object.entries(judgedMeanings).map(([name, meaning]) => [code(name), meaning]),
)}

It holds no token, no password and nothing labelled. Claims are those that the configuration passes to policy; who may read the log may read them.
`;
}
