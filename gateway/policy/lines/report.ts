import type { Coverage } from './coverage.ts';

/** One test of either kind, as every report tells of it. */
export interface TestCase {
  /** Its file. */
  readonly suite: string;
  readonly line: number;
  readonly name: string;
  /** What judged it: OPA's engine, the WebAssembly of the tests, or the module that ships (`lines`). */
  readonly on: 'topdown' | 'wasm' | 'lines';
  readonly durationMs: number;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed, line by line. */
  readonly details: readonly string[];
}

export interface TestRun {
  readonly cases: readonly TestCase[];
  /** Of all tests together; a choice of them says nothing about the policies. */
  readonly coverage: Coverage | undefined;
}

export const reportFormats = ['pretty', 'json', 'junit', 'tap'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export function reportOf(run: TestRun, format: ReportFormat): string {
  switch (format) {
    case 'pretty':
      return pretty(run);
    case 'json':
      return JSON.stringify({ ok: isGreen(run), ...run }, null, 2);
    case 'junit':
      return junit(run);
    case 'tap':
      return tap(run);
    default:
      return format satisfies never;
  }
}

/** Something ran, and nothing failed. */
export function isGreen({ cases }: TestRun): boolean {
  return cases.some(({ status }) => status === 'passed') && cases.every(({ status }) => status !== 'failed');
}

/** Failures in full, the rest as one line for each file. */
function pretty(run: TestRun): string {
  const { cases, coverage } = run;
  const out: string[] = [];
  for (const [suite, tests] of bySuite(cases)) {
    const failed = tests.filter(({ status }) => status === 'failed');
    const engines = [...new Set(tests.map(({ on }) => on))].join(', ');
    out.push(`${failed.length > 0 ? 'not ok' : 'ok'} ${suite}: ${count(tests)} (${engines})`);
    for (const { name, line, on, details } of failed) {
      out.push('', `  ${suite}:${line} ${name} [${on}]`, ...details.map((detail) => `    ${detail}`), '');
    }
  }
  if (coverage === undefined) return [...out, '', count(cases)].join('\n');
  const { percent, covered, total, silent } = coverage;
  out.push('', `${count(cases)}; coverage ${percent.toFixed(1)} % (${covered} of ${total} lines)`);
  // After a failure that is what somebody wants to read last.
  if (silent.length > 0 && isGreen(run)) {
    out.push('rules that no test makes speak:');
    for (const { id, title = '', file, line } of silent) out.push(`  ${id} ${title} ${file}:${line}`);
  }
  return out.join('\n');
}

function count(cases: readonly TestCase[]): string {
  const of = (status: TestCase['status']) => cases.filter((one) => one.status === status).length;
  const said = (['passed', 'failed', 'skipped'] as const).filter((status) => of(status) > 0);
  return said.map((status) => `${of(status)} ${status}`).join(', ') || 'nothing ran';
}

/** JUnit's XML as CI servers read it: one suite for each file. */
function junit({ cases }: TestRun): string {
  const suites = [...bySuite(cases)].map(([suite, tests]) => {
    const of = (status: TestCase['status']) => tests.filter((one) => one.status === status).length;
    const inner = tests.map(({ name, on, line, durationMs, status, details }) => {
      const open = `    <testcase classname="${xml(`${suite}:${line}`)}" name="${xml(`${name} [${on}]`)}" time="${(durationMs / 1000).toFixed(3)}"`;
      switch (status) {
        case 'passed':
          return `${open}/>`;
        case 'skipped':
          return `${open}><skipped/></testcase>`;
        case 'failed':
          return `${open}><failure message="${xml(details[0] ?? 'failed')}">${xml(details.join('\n'))}</failure></testcase>`;
        default:
          return status satisfies never;
      }
    });
    const counts = `tests="${tests.length}" failures="${of('failed')}" skipped="${of('skipped')}"`;
    return [`  <testsuite name="${xml(suite)}" ${counts}>`, ...inner, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>'].join('\n');
}

/** TAP version 14: testanything.org/tap-version-14-specification.html. */
function tap({ cases }: TestRun): string {
  const tests = cases.flatMap(({ suite, line, name, on, status, details }, i) => {
    const said = `${suite}:${line} ${name} [${on}]`.replace(/\s+/g, ' ').replace(/[\\#]/g, '\\$&');
    const head = `${status === 'failed' ? 'not ok' : 'ok'} ${i + 1} - ${said}${status === 'skipped' ? ' # SKIP' : ''}`;
    return status === 'failed'
      ? [head, '  ---', '  details:', ...details.map((d) => `    - ${JSON.stringify(d)}`), '  ...']
      : [head];
  });
  return ['TAP version 14', `1..${cases.length}`, ...tests].join('\n');
}

function bySuite(cases: readonly TestCase[]): ReadonlyMap<string, readonly TestCase[]> {
  return Map.groupBy(cases, ({ suite }) => suite);
}

/** XML 1.0 has no way to write most control characters. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\P{C}]/gu, '\u{fffd}')
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
