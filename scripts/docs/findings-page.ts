import { effects, maskMethods, type Effect, type Finding, type MaskMethod } from '../../gateway/contract/decision.ts';
import { findingFields, severities } from '../../gateway/policy/engine/findings.ts';
import { neededFields } from '../../gateway/policy/lint/findings.ts';
import { code, generatedNote, table } from './markdown.ts';

const setMeanings = {
  deny: 'It must not run. One is enough, whatever else is found.',
  approve: 'It waits until somebody has approved it; then policy is asked again.',
  mask: 'Values with this label leave masked.',
  limit: 'The result is cut; what prints a stream is ended.',
  notify: 'A signed webhook goes out. It changes nothing about the decision.',
  allow: 'It may run. Without one, everything is denied.',
} as const satisfies Record<Finding['kind'], string>;

type FieldName = (typeof findingFields)[Finding['kind']][number];
const fieldMeanings = {
  id: ['text', 'Names the rule to whoever is denied, to auditors and in tests. Choose a prefix of your own'],
  msg: ['text', 'Why, in words for whoever reads the denial or approves'],
  hint: ['text', 'What to do instead; the client shows it as HINT'],
  severity: [severities.map(code).join(', '), 'How bad it would have been. Denials are listed in this order'],
  controls: ['list of text', 'What the rule serves, such as `SOC2:CC6.1`; for evidence'],
  groups: [
    'list of text',
    'Any member may approve, but never the requester. Several demands: the groups that may give all of them',
  ],
  quorum: ['integer, 1 or more', 'How many have to approve; 1 unless given. Several demands: the highest'],
  ttl_s: ['integer, 1 or more', 'Seconds until the hold expires; 900 unless given. Several demands: the shortest'],
  scope: [
    '`once`, `session`',
    'What an approval is good for: this statement once, or everything that the same rules ask of this session from then on; `once` unless all demands say `session`',
  ],
  label: [
    'text',
    'A label of `labels/data.yaml`; or `detector:` and the name of a detector, for texts that carry no masked label; or `pattern:` and an RE2 expression, for streams',
  ],
  method: [maskMethods.map(code).join(', '), 'How values leave. Several for one label: the most private'],
  rows: ['integer, 0 or more', 'Rows at most. Several limits: the smallest'],
  bytes: ['integer, 0 or more', 'Bytes of values, or of what a stream prints, at most. Several limits: the smallest'],
  input_bytes: ['integer, 0 or more', 'Streams only: bytes that are given to it at most'],
  unjudged_lines: ['0', 'Shells only: 0 has each line that is typed judged before it runs, as an exec of its own'],
  seconds: ['integer, 0 or more', 'Streams only: how long it may run'],
  channel: ['text', 'One of `notify.channels` of the configuration'],
} as const satisfies Record<FieldName, readonly [type: string, meaning: string]>;

const effectMeanings = {
  deny: 'Something says `deny`, nothing says `allow`, or no group may give all the approvals that are asked for',
  require_approval: 'Otherwise: something says `approve`, and no approval has satisfied it yet',
  mask: 'Otherwise: something says `mask`',
  allow: 'Otherwise',
} as const satisfies Record<Effect, string>;

const methodMeanings = {
  null: 'NULL: hides even that there was a value',
  redact: 'The same text for every value',
  tokenize: 'A token of the same form; equal values have equal tokens within a label',
  hash: 'A keyed hash; equal values have equal hashes within a label',
  partial: 'What is left is enough to recognise a value: the last digits, the first letter',
} as const satisfies Record<MaskMethod, string>;

/** The six sets of findings, and what comes of them. */
export function findingsPage(): string {
  const kinds = Object.keys(setMeanings) as Finding['kind'][]; // satisfies says that these are its keys
  return `${generatedNote}
# Findings

What rules in a package \`rules.<input>\` add, about one command: \`deny contains {"id": "OURS-001", "msg": "..."} if { ... }\`. There are six sets; a
finding with a field that its set does not have, or without one that it needs, makes the decision a deny. \`sallyport policy check\` finds both before
that. What rules read is the [input](input-postgres.md).

## Sets

${table(
  ['set', 'means', 'needs', 'may have'],
  kinds.map((kind) => [code(kind), setMeanings[kind], ...fieldsOf(kind)]),
)}

## Fields

${table(
  ['field', 'type', 'meaning'],
  Object.entries(fieldMeanings).map(([name, [type, meaning]]) => [code(name), type, meaning]),
)}

## Effects

Strongest first. One more finding never loosens anything, but for \`allow\`; what travels together gets the strongest effect of all its commands.

${table(
  ['effect', 'when'],
  effects.toReversed().map((effect) => [code(effect), effectMeanings[effect]]),
)}

Masks and limits also hold for what an approval released.

## Methods of masking

Most private first. [What each shows](../../gateway/enforce/masking/README.md) of which type.

${table(
  ['method', 'leaves'],
  maskMethods.map((method) => [code(method), methodMeanings[method]]),
)}
`;
}

function fieldsOf(kind: Finding['kind']): readonly [needed: string, optional: string] {
  const needed = ['id', 'msg', ...neededFields[kind]];
  const optional = findingFields[kind].filter((name) => !needed.includes(name)).map(code);
  return kind === 'limit'
    ? [`${needed.map(code).join(', ')}, and \`rows\` or \`bytes\``, optional.join(', ')]
    : [needed.map(code).join(', '), optional.join(', ')];
}
