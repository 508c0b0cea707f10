import type { LineEffect } from '../lines/case.ts';
import { limitDimensions, type Finding, type LimitDimension } from '../../contract/decision.ts';
import { factLines } from '../lines/facts.ts';
import type { JudgedLine } from '../lines/judged.ts';

/** A finding and where its rule stands; the engine's own (`SP-...`) have none. */
export interface PlacedFinding extends Finding {
  readonly rule: { readonly title?: string | undefined; readonly file: string; readonly line: number } | undefined;
}

/** A judged line, or a command of the past: what an explanation is made of. */
export type Explainable = Omit<JudgedLine, 'findings'> & { readonly findings: readonly PlacedFinding[] };

/** Why a line comes out as it does, in the words of its rules. */
export interface Explanation {
  readonly effect: LineEffect;
  /** One sentence. */
  readonly why: string;
  readonly findings: readonly ExplainedFinding[];
  /** What policy had to go by: the facts of each command. */
  readonly facts: readonly (readonly string[])[];
}

export interface ExplainedFinding {
  readonly kind: PlacedFinding['kind'];
  readonly id: string;
  readonly msg: string;
  readonly hint: string | null;
  /** Of the rule; null for what the gateway itself says (`SP-...`). */
  readonly title: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

export function explainLine(judged: Explainable): Explanation {
  const findings = judged.findings.map(({ kind, id, msg, hint, rule }) => ({
    kind,
    id,
    msg,
    hint: hint ?? null,
    title: rule?.title ?? null,
    file: rule?.file ?? null,
    line: rule?.line ?? null,
  }));
  return { effect: judged.effect, why: whyOf(judged), findings, facts: judged.commands.map(factLines) };
}

export function explanationText({ effect, why, findings, facts }: Explanation): string {
  const out = [`${effect}: ${why}`];
  for (const { kind, id, msg, hint, title, file, line } of findings) {
    const where = file === null ? 'the gateway itself' : `${file}:${String(line)}`;
    out.push('', `${kind} ${id}${title === null ? '' : `: ${title}`}`, `  ${msg}`);
    if (hint !== null) out.push(`  ${hint}`);
    out.push(`  ${where}`);
  }
  for (const [i, lines] of facts.entries()) {
    out.push(
      '',
      facts.length === 1 ? 'facts' : `facts of command ${String(i + 1)}`,
      ...lines.map((line) => `  ${line}`),
    );
  }
  return out.join('\n');
}

function whyOf(judged: Explainable): string {
  const { effect, findings, refused } = judged;
  const of = (kind: PlacedFinding['kind']) => findings.filter((finding) => finding.kind === kind);
  switch (effect) {
    case 'refused':
      return `The gateway refuses it before policy is asked: ${refused}.`;
    case 'deny':
      if (of('deny').length > 0) return `${named(of('deny'))} says no, and one deny is stronger than everything else.`;
      if (of('allow').length === 0) return 'No rule allows it, and what nothing allows is denied.';
      return 'One of its commands is allowed by no rule, and what travels together gets the strongest effect.';
    case 'require_approval':
      return `${named(of('approve'))} asks for an approval${termsOf(judged)}; ${named(of('allow'))} allows it after that.`;
    case 'mask':
      return `${named(of('allow'))} allows it, and ${named(of('mask'))} masks ${masksOf(judged)}${limitsOf(judged)}.`;
    case 'allow':
      return `${named(of('allow'))} allows it, and no rule denies it, asks for an approval or masks anything${limitsOf(judged)}.`;
    default:
      return effect satisfies never;
  }
}

/** `PG-002 (No write on every row)`, and how many more there are. */
function named(findings: readonly PlacedFinding[]): string {
  const rules = new Map(findings.map(({ id, rule }) => [id, rule?.title]));
  const [first, ...more] = rules;
  if (first === undefined) return 'nothing';
  const [id, title] = first;
  const others = more.length === 0 ? '' : `, with ${more.map(([other]) => other).join(', ')},`;
  return `${id}${title === undefined ? '' : ` (${title})`}${others}`;
}

function termsOf({ approval }: Explainable): string {
  if (approval === null) return '';
  const { quorum, groups } = approval;
  return ` by ${quorum === 1 ? 'a member' : `${String(quorum)} members`} of ${groups.join(' or ')}`;
}

function masksOf({ columns, masks }: Explainable): string {
  const entries = Object.entries(columns);
  const said = (entries.length > 0 ? entries : Object.entries(masks)).map(([name, method]) => `${name} (${method})`);
  return said.join(', ');
}

const limitWords = {
  rows: 'rows',
  bytes: 'bytes',
  input_bytes: 'bytes of input',
  seconds: 'seconds',
  unjudged_lines: 'lines that are not judged',
} as const satisfies Record<LimitDimension, string>;

function limitsOf({ limits }: Explainable): string {
  const said = limitDimensions.flatMap((dimension) => {
    const most = limits[dimension];
    return most === undefined ? [] : `${String(most)} ${limitWords[dimension]}`;
  });
  return said.length === 0 ? '' : `; at most ${said.join(' and ')}`;
}
