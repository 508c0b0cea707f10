import { limitDimensions, maskMethods, type Finding } from '../../contract/decision.ts';
import { detectorOf } from '../../contract/detector.ts';
import { namesPattern, patternOf } from '../../contract/pattern.ts';
import { findingFields, severities } from '../engine/findings.ts';
import { literalOf, membersOf, termsOf, type Module, type Rule, type Term } from './ast.ts';
import { findingTerm, isFindingKind, member } from './finding-rules.ts';
import { undefinedLabel } from './literals.ts';
import { nearest, type LintCheck, type Place, type Problem } from './problem.ts';

const kinds = Object.keys(findingFields);
const scopes = ['once', 'session'] as const;

/** What findings of each set cannot do without, beside `id` and `msg`. */
export const neededFields: Readonly<Record<Finding['kind'], readonly string[]>> = {
  allow: [],
  deny: [],
  approve: ['groups'],
  mask: ['label', 'method'],
  limit: [],
  notify: ['channel'],
};

/** Findings that the gateway could not read, and sets that it does not read at all. */
export function findingProblems(module: Module, labels: ReadonlySet<string>): readonly Problem[] {
  if (!module.package.startsWith('rules.')) return [];
  return module.rules.flatMap((rule) => {
    if (rule.key === undefined) return [];
    if (!isFindingKind(rule.name)) return unknownSet(rule);
    const finding = findingTerm(rule);
    if (finding === undefined) return wrongKind(rule.key);
    return [...fieldProblems(rule, rule.name, finding), ...valueProblems(finding, labels)];
  });
}

/** One id means one thing: the same one in another set or file is a copy that was not changed. */
export function duplicateIds(modules: readonly Module[]): readonly Problem[] {
  const first = new Map<string, { readonly rule: Rule; readonly home: string }>();
  return modules.flatMap(({ package: name, rules }) =>
    rules.flatMap((rule) => {
      const id = name.startsWith('rules.') && isFindingKind(rule.name) ? idOf(rule) : undefined;
      const text = literalOf(id);
      if (id === undefined || text === undefined) return [];
      const home = `${rule.location.file} ${name}.${rule.name}`;
      const known = first.get(text);
      if (known === undefined) first.set(text, { rule, home });
      if (known === undefined || known.home === home) return [];
      const { file, line } = known.rule.location;
      const message = `the id ${text} is taken by ${known.rule.name} in ${file}:${line}`;
      return [problem(id.location, 'duplicate-id', message, 'Choose an id that no other finding has.')];
    }),
  );
}

function unknownSet(rule: Rule): readonly Problem[] {
  const near = nearest(rule.name, kinds);
  const finding = findingTerm(rule);
  const isFinding = finding !== undefined && member(finding, 'id') !== undefined;
  // A set of a rule's own is fine as long as nobody can take it for one of the six.
  if (!isFinding && near === undefined) return [];
  const instead = near === undefined ? `One of ${kinds.join(', ')}.` : `Write ${near}.`;
  return [problem(rule.location, 'unknown-set', `nobody reads the findings in ${rule.name}`, instead)];
}

/** A literal that is no object. Anything else may become one when it runs. */
function wrongKind(key: Term): readonly Problem[] {
  if (!['string', 'number', 'boolean', 'null', 'array', 'set', 'templatestring'].includes(key.type)) return [];
  const instead = 'Write an object with id and msg: {"id": "OURS-001", "msg": "why"}.';
  return [problem(key.location, 'finding-field', `a finding is an object, not a ${key.type}`, instead)];
}

function fieldProblems(rule: Rule, kind: Finding['kind'], finding: Term): readonly Problem[] {
  const fields: readonly string[] = findingFields[kind];
  const written = membersOf(finding).map(([key]) => key);
  const names = written.map(literalOf);
  const found = ['id', 'msg', ...neededFields[kind]]
    .filter((name) => !names.includes(name))
    .map((name) => problem(rule.location, 'finding-field', `this ${kind} has no ${name}`, `Add "${name}".`));
  if (kind === 'limit' && !limitDimensions.some((dimension) => names.includes(dimension))) {
    found.push(problem(rule.location, 'finding-field', 'this limit limits nothing', 'Add "rows" or "bytes".'));
  }
  for (const key of written) {
    const name = literalOf(key);
    if (name === undefined || fields.includes(name)) continue;
    const near = nearest(name, fields);
    const instead = near === undefined ? `Leave it out: ${kind} takes ${fields.join(', ')}.` : `Write "${near}".`;
    found.push(problem(key.location, 'finding-field', `${kind} has no field ${name}`, instead));
  }
  const id = member(finding, 'id');
  const text = literalOf(id);
  if (id !== undefined && text !== undefined && rule.metadataId !== undefined && rule.metadataId !== text) {
    const message = `the METADATA calls this rule ${rule.metadataId}, its finding ${text}`;
    found.push(problem(id.location, 'duplicate-id', message, `Write one id in both: ${rule.metadataId}.`));
  }
  return found;
}

function valueProblems(finding: Term, labels: ReadonlySet<string>): readonly Problem[] {
  const found = ['id', 'msg', 'hint', 'label', 'channel'].flatMap((name) => textProblem(finding, name));
  found.push(
    ...oneOf(finding, 'severity', severities, 'finding-field'),
    ...oneOf(finding, 'scope', scopes, 'finding-field'),
  );
  found.push(...oneOf(finding, 'method', maskMethods, 'unknown-method'));
  for (const name of ['quorum', 'ttl_s']) found.push(...countProblem(finding, name, 1));
  for (const name of limitDimensions) found.push(...countProblem(finding, name, 0));
  for (const name of ['groups', 'controls']) found.push(...listProblem(finding, name));
  const label = member(finding, 'label');
  const text = literalOf(label);
  if (label !== undefined && text && namesPattern(text)) found.push(...patternProblem(label, text));
  else if (label !== undefined && text && !labels.has(text) && detectorOf(text) === undefined)
    found.push(undefinedLabel(label, labels));
  return found;
}

function patternProblem(label: Term, text: string): readonly Problem[] {
  const pattern = patternOf(text);
  if (typeof pattern !== 'string') return [];
  const instead = 'Write an expression of RE2, as for regex.match.';
  return [problem(label.location, 'finding-field', `nothing can be searched by this label: ${pattern}`, instead)];
}

function textProblem(finding: Term, name: string): readonly Problem[] {
  const term = member(finding, name);
  if (term === undefined || (!isConstant(term) && term.type !== 'array') || literalOf(term)) return [];
  return [problem(term.location, 'finding-field', `${name} is a text that is not empty`, `Write words in quotes.`)];
}

function oneOf(finding: Term, name: string, choices: readonly string[], check: LintCheck): readonly Problem[] {
  const term = member(finding, name);
  if (term === undefined || !isConstant(term) || choices.includes(literalOf(term) ?? '')) return [];
  const near = nearest(literalOf(term) ?? '', choices);
  const instead = near === undefined ? `One of ${choices.join(', ')}.` : `Write "${near}".`;
  return [problem(term.location, check, `${name} is never ${JSON.stringify(term.value)}`, instead)];
}

function countProblem(finding: Term, name: string, min: number): readonly Problem[] {
  const term = member(finding, name);
  if (term === undefined || !isConstant(term)) return [];
  const { value } = term;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return [];
  return [
    problem(term.location, 'finding-field', `${name} is a whole number`, `Write ${min} or more, without quotes.`),
  ];
}

function listProblem(finding: Term, name: string): readonly Problem[] {
  const term = member(finding, name);
  if (term === undefined) return [];
  const isList = term.type === 'array' || term.type === 'set';
  const empty = isList && termsOf(term.value).length === 0 && name === 'groups';
  if (!isConstant(term) && !empty) return [];
  const instead = empty ? 'Name the groups whose members may approve.' : `Write a list: ["..."].`;
  return [problem(term.location, 'finding-field', empty ? `${name} names nobody` : `${name} is a list`, instead)];
}

function isConstant({ type }: Term): boolean {
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'null';
}

function idOf(rule: Rule): Term | undefined {
  const finding = findingTerm(rule);
  return finding && member(finding, 'id');
}

function problem(place: Place, check: LintCheck, message: string, instead: string): Problem {
  const { file, line, column } = place;
  return { file, line, column, check, severity: 'error', message, instead };
}
