import { Option, type Command } from 'commander';
import { shortName } from '../policy/build/pack.ts';
import type { Person } from '../policy/lines/case.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson } from './output.ts';
import { pastHelp, withPast, type PastFlags } from './past.ts';
import { choiceOf, namedSources, withSources, type SourceFlags } from './policy-sources.ts';

interface ExplainFlags extends PastFlags, SourceFlags {
  readonly as?: string;
  readonly request?: string;
  readonly to?: string;
  readonly target?: string;
  readonly param: readonly string[];
  readonly approved: readonly string[];
  readonly now?: string;
  readonly format: string;
}

const examples = `
With --request it is a decision of the past that is explained, by the bundle that made it; the policies of today play no part.
${pastHelp}
Examples:
  sallyport policy explain --as reader --to crm "select name, ssn from customers"
  sallyport policy explain --as '{"kind": "agent", "groups": ["readers"]}' --to crm "select id from orders"
  sallyport policy explain --request 01JD8C3V7Y8W2QK5ZT4M9RXB6N
`;

export function addPolicyExplain(policy: Command): void {
  const command = policy
    .command('explain')
    .argument('[line]', 'what somebody types')
    .description('say what policy makes of a line, and why: facts, findings with their rules, and one sentence')
    .option('--request <id>', 'instead of a line: a decision of the past, with the revision that judged it then')
    .option('--as <who>', 'a name from fixtures/people.yaml, or JSON: {"id", "kind", "groups", ...}')
    .option('--to <target>', 'a target that fixtures/<target>.yaml describes')
    .addOption(new Option('--target <target>', 'the same').hideHelp());
  withSources(command, 'fixtures')
    .option('--param <text...>', 'bound parameters', [])
    .option('--approved <rule...>', 'ids of rules that an approval has satisfied', [])
    .option('--now <time>', 'when, RFC 3339; this minute unless given')
    .option('--format <name>', 'pretty, json', 'pretty');
  withPast(command).addHelpText('after', examples).action(explain);
}

async function explain(line: string | undefined, flags: ExplainFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, ['pretty', 'json'] as const);
  if (flags.request === undefined) return explainTyped(line, flags, format);
  if (line !== undefined) throw new CliError(exitCodes.usage, 'a line or --request: not both');
  const { explainRequest } = await import('./policy-explain-past.ts');
  return explainRequest(flags.request, flags, format);
}

async function explainTyped(text: string | undefined, flags: ExplainFlags, format: 'pretty' | 'json'): Promise<void> {
  if (text === undefined) throw new CliError(exitCodes.usage, 'nothing to explain: name a line, or --request');
  if (flags.as === undefined) throw new CliError(exitCodes.usage, "required option '--as <who>' not specified");
  const to = flags.to ?? flags.target;
  if (to === undefined) throw new CliError(exitCodes.usage, "required option '--to <target>' not specified");
  const nowMs = flags.now === undefined ? Date.now() : Date.parse(flags.now);
  if (Number.isNaN(nowMs)) throw new CliError(exitCodes.usage, '--now: expected a time such as 2026-01-05T12:00:00Z');
  const { sources } = await namedSources(flags);
  const [{ findOpa }, { readSources }, { findingRules }, { readSuite }, { mistakeLine }, { openJudge }] =
    await Promise.all([
      import('../policy/build/opa.ts'),
      import('../policy/lint/sources.ts'),
      import('../policy/lint/finding-rules.ts'),
      import('../policy/lines/read.ts'),
      import('../policy/lines/yaml-file.ts'),
      import('../policy/lines/judge.ts'),
    ]);
  const [{ judgeLine }, { freshSession, principalOf }, { explainLine, explanationText }, { openLineProtocols }] =
    await Promise.all([
      import('../policy/lines/judged.ts'),
      import('../policy/lines/case.ts'),
      import('../policy/explain/explain.ts'),
      import('../composition/lines/protocols.ts'),
    ]);
  await using protocols = openLineProtocols();
  const { targets, people, mistakes } = await readSuite(sources.tests, protocols.all);
  const target = targets.get(to);
  if (target === undefined) {
    const known = targets.size === 0 ? 'there are none' : `there are ${[...targets.keys()].join(', ')}`;
    const why = mistakes.map(mistakeLine).join('\n');
    throw new CliError(exitCodes.usage, `no fixture describes ${to}; ${known}`, why === '' ? undefined : why);
  }
  const principal = principalOf('somebody', await personOf(flags.as, people), target.target.protocol);
  const opa = await findOpa(process.env);
  const rules = findingRules((await readSources(opa, sources.policies)).modules).map((rule) => ({
    ...rule,
    file: shortName(rule.file, sources.policies),
  }));
  const around = { principal, nowMs, session: freshSession, approved: flags.approved };
  const judge = await openJudge(sources, opa);
  const explanation = explainLine(await judgeLine({ text, params: flags.param }, target, around, judge, rules));
  if (format === 'json') return printJson(explanation);
  print(explanationText(explanation).split('\n').map(shown).join('\n'));
}

async function personOf(as: string, people: ReadonlyMap<string, Person>): Promise<Person> {
  if (!as.trimStart().startsWith('{')) {
    const person = people.get(as);
    if (person !== undefined) return { id: as, ...person };
    const known = people.size === 0 ? 'nobody is' : `known are ${[...people.keys()].join(', ')}`;
    throw new CliError(exitCodes.usage, `--as: nobody is called ${as} in fixtures/people.yaml; ${known}`);
  }
  const { readPerson } = await import('../policy/lines/case.ts');
  const read = readPerson(as);
  if (read.ok) return read.person;
  throw new CliError(exitCodes.usage, `--as: ${read.why}`);
}

/** What is printed holds somebody's text: no escape sequence of it reaches the terminal. */
function shown(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `${indent}${printable(line)}`;
}
