import { limitDimensions, maskMethods, type Finding, type Limits, type MaskMethod } from '../../contract/decision.ts';
import { detectorOf, namesDetector } from '../../contract/detector.ts';
import { namesPattern, patternOf } from '../../contract/pattern.ts';
import { countOf, listOf, memberOf, objectOf, odd, stringOf, type Fields } from './reading.ts';

/** The six sets of findings, read. `all` is in the order in which a person wants them: the worst first. */
export interface ReadFindings {
  readonly all: readonly Finding[];
  readonly deny: readonly Finding[];
  readonly allow: readonly Finding[];
  readonly approve: readonly {
    readonly finding: Finding;
    readonly groups: readonly string[];
    readonly quorum: number;
  }[];
  readonly mask: readonly { readonly finding: Finding; readonly label: string; readonly method: MaskMethod }[];
  readonly limit: readonly ({ readonly finding: Finding } & Limits)[];
}

const kinds = ['deny', 'approve', 'mask', 'limit', 'notify', 'allow'] as const satisfies readonly Finding['kind'][];
/** Most severe first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
const common = ['id', 'msg', 'hint', 'severity', 'controls'];
/** The fields that a finding of each set may have. */
export const findingFields = {
  deny: common,
  allow: common,
  approve: [...common, 'groups', 'quorum', 'ttl_s', 'scope'],
  mask: [...common, 'label', 'method'],
  limit: [...common, ...limitDimensions],
  notify: [...common, 'channel'],
} as const satisfies Record<Finding['kind'], readonly string[]>;

/** @throws Refusal `SP-002` naming the field */
export function readFindings(value: unknown): ReadFindings {
  const sets = objectOf(value, 'findings', kinds);
  const read = <T>(kind: Finding['kind'], one: (finding: Finding, fields: Fields) => T): readonly T[] =>
    listOf(sets[kind], `findings.${kind}`).map((item) => {
      const fields = objectOf(item, `findings.${kind}`, findingFields[kind]);
      return one(readFinding(kind, fields), fields);
    });
  const deny = [...read('deny', (f) => f)].sort(worstFirst);
  const approve = read('approve', (finding, fields) => ({
    finding,
    groups: listOf(fields['groups'], `${finding.id}.groups`).map((g) => stringOf(g, `${finding.id}.groups`)),
    quorum: fields['quorum'] === undefined ? 1 : countOf(fields['quorum'], `${finding.id}.quorum`, 1),
  }));
  const mask = read('mask', (finding, fields) => ({
    finding,
    label: readLabel(fields['label'], `${finding.id}.label`),
    method: memberOf(fields['method'], maskMethods, `${finding.id}.method`),
  }));
  const limit = read('limit', readLimit);
  const notify = read('notify', (finding, fields) => ({
    ...finding,
    channel: stringOf(fields['channel'], `${finding.id}.channel`),
  }));
  const allow = read('allow', (f) => f);
  const carried = [approve, mask, limit].flatMap((set) => set.map((item) => item.finding));
  return { all: [...deny, ...carried, ...notify, ...allow], deny, allow, approve, mask, limit };
}

/** A label, or a detector or pattern in its place: one that there is not would search for nothing. */
function readLabel(value: unknown, where: string): string {
  const label = stringOf(value, where);
  if (namesDetector(label) && detectorOf(label) === undefined) throw odd(`${where} (no such detector)`);
  const pattern = namesPattern(label) ? patternOf(label) : undefined;
  if (typeof pattern === 'string') throw odd(`${where} (${pattern})`);
  return label;
}

function readFinding(kind: Finding['kind'], fields: Fields): Finding {
  const id = stringOf(fields['id'], `findings.${kind}.id`);
  const finding: { -readonly [F in keyof Finding]: Finding[F] } = {
    kind,
    id,
    msg: stringOf(fields['msg'], `${id}.msg`),
  };
  const { hint, severity, controls } = fields;
  if (hint !== undefined) finding.hint = stringOf(hint, `${id}.hint`);
  if (severity !== undefined) finding.severity = memberOf(severity, severities, `${id}.severity`);
  if (controls !== undefined)
    finding.controls = listOf(controls, `${id}.controls`).map((c) => stringOf(c, `${id}.controls`));
  return finding;
}

/** A limit that limits nothing is a mistake of its author, and not a licence. */
function readLimit(finding: Finding, fields: Fields): ReadFindings['limit'][number] {
  const limits = limitDimensions.flatMap((dimension) => {
    const most = fields[dimension];
    return most === undefined ? [] : [[dimension, countOf(most, `${finding.id}.${dimension}`, 0)] as const];
  });
  if (limits.length === 0) throw odd(`${finding.id} (one of ${limitDimensions.join(', ')})`);
  return { finding, ...Object.fromEntries(limits) };
}

/** By severity, then by id: a Rego set has no order of its own. */
function worstFirst(a: Finding, b: Finding): number {
  return rank(a) - rank(b) || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function rank(finding: Finding): number {
  return finding.severity === undefined ? severities.length : severities.indexOf(finding.severity);
}
