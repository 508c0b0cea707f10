import { openLineProtocols } from '../composition/lines/protocols.ts';
import type { BundleSources } from '../policy/build/interface.ts';
import { isPacked, shortName } from '../policy/build/pack.ts';
import { Judge, openJudge } from '../policy/lines/judge.ts';
import { readSuite, type LineSuite } from '../policy/lines/read.ts';
import { reportOf } from '../policy/lines/report.ts';
import { runLines } from '../policy/lines/run.ts';
import { mistakeLine } from '../policy/lines/yaml-file.ts';
import { findingRules, type FindingRule } from '../policy/lint/finding-rules.ts';
import { readSources } from '../policy/lint/sources.ts';
import type { Tried } from '../policy/trial.ts';
import { CliError, exitCodes } from './exit.ts';
import { printableLines, say } from './output.ts';

export interface OpenLines extends AsyncDisposable {
  readonly suite: LineSuite;
  readonly rules: readonly FindingRule[];
  /** Those that are no pack's. */
  readonly own: readonly FindingRule[];
}

/** The lines of policy tests, and the rules that they are about. @throws CliError when a file of either is wrong */
export async function openLines(sources: BundleSources, opa: string): Promise<OpenLines> {
  await using opening = new AsyncDisposableStack();
  const protocols = opening.use(openLineProtocols());
  const suite = await readSuite(sources.tests, protocols.all);
  if (suite.mistakes.length > 0) throw new CliError(exitCodes.usage, suite.mistakes.map(mistakeLine).join('\n'));
  const { modules, problems } = await readSources(opa, sources.policies);
  const [broken] = problems;
  if (broken !== undefined)
    throw new CliError(exitCodes.refused, `${broken.file}:${String(broken.line)}: ${broken.message}`);
  const all = findingRules(modules);
  const own = all.filter(({ file }) => !isPacked(file, sources.policies));
  const rules = all.map((rule) =>
    own.includes(rule) ? rule : { ...rule, file: shortName(rule.file, sources.policies) },
  );
  const opened = opening.move();
  return { suite, rules, own, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/**
 * For a build: every line, on the module that is about to be signed.
 * @returns how many there were
 * @throws CliError when one was not judged as it should be; standard error then says which, and how it was
 */
export async function judgedLines(
  sources: BundleSources,
  opa: string,
  { engine, labels }: Pick<Tried, 'engine' | 'labels'>,
): Promise<number> {
  await using opened = await openLines(sources, opa);
  if (opened.suite.cases.length === 0) return 0;
  // Data of other bundles is not in what is signed, and the lines may go by it.
  const judge = sources.testData?.length ? await openJudge(sources, opa) : new Judge(engine, labels);
  const { cases } = await runLines(opened.suite, judge, opened.rules);
  const failed = cases.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return cases.length;
  say(printableLines(reportOf({ cases: failed, coverage: undefined }, 'pretty')));
  throw new CliError(
    exitCodes.refused,
    `${String(failed.length)} of ${String(cases.length)} lines of the policy tests were judged otherwise: nothing was built`,
    'to run the tests alone: sallyport policy test',
  );
}
