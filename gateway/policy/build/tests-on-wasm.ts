import { join } from 'node:path';
import { z } from 'zod';
import { PolicyInstance } from '../engine/instance.ts';
import { compileModule } from '../engine/module.ts';
import { compileRego } from './compile.ts';
import type { Where } from './opa.ts';

/** A test as `opa test` reports it. */
export interface PassedTest {
  /** As a reference: `data.acme.orders_test`. */
  readonly package: string;
  readonly name: string;
  /** Cases of a rule like `test_x[case]`, by name, each with cases of its own or none. */
  readonly sub_results?: Readonly<Record<string, unknown>> | undefined;
}

/** Compilation grows with the square of it. */
const testsInOneModule = 150;

/** What can be named as an entrypoint, whatever its rule is: OPA gives rules of one name numbers (`test_x#01`) that only it knows. */
const plainPackage = /^data(?:\.[A-Za-z_]\w*)+$/;
const plainName = /^[A-Za-z_]\w*$/;

const resultSet = z.array(z.object({ result: z.unknown() }));

/**
 * Runs tests that passed on OPA's engine on ours, the one that decides in the gateway. `opa test --target wasm` compiles everything anew for
 * each test, forty times the work; here each test is an entrypoint of one module.
 * @returns those that did not come out as there; undefined when one of them cannot be an entrypoint
 * @throws SallyportError `opa-failed` when they do not compile, `bundle-invalid` when they call what the gateway does not have
 */
export async function failuresOnWasm<T extends PassedTest>(
  opa: string,
  work: string,
  rules: readonly string[],
  folders: readonly string[],
  tests: readonly T[],
  where: Where,
): Promise<readonly T[] | undefined> {
  if (!tests.every((test) => plainPackage.test(test.package) && plainName.test(test.name))) return undefined;
  const failures: T[] = [];
  for (let from = 0; from < tests.length; from += testsInOneModule) {
    const some = tests.slice(from, from + testsInOneModule);
    const entrypoints = some.map(entrypointOf);
    const { wasm, data } = await compileRego(
      opa,
      join(work, 'tests.tar.gz'),
      entrypoints,
      [...rules, ...folders],
      where,
    );
    const module = compileModule(wasm, entrypoints);
    const text = data.toString('utf8');
    let instance = new PolicyInstance(module, text);
    for (const test of some) {
      let passed: boolean;
      try {
        // Without an input, as OPA runs them: each test says `with input as`.
        const answer = instance.evaluate(module.entrypoints.get(entrypointOf(test)) ?? -1, undefined, []);
        passed = isAsThere(resultSet.parse(JSON.parse(answer)), test);
      } catch {
        instance = new PolicyInstance(module, text);
        passed = false;
      }
      if (!passed) failures.push(test);
    }
  }
  return failures;
}

function entrypointOf(test: PassedTest): string {
  return [...test.package.split('.').slice(1), test.name].join('/');
}

/** True, or true for as many cases as on OPA's engine: a case that is undefined is not in the answer. */
function isAsThere(answer: z.infer<typeof resultSet>, { sub_results: cases }: PassedTest): boolean {
  const [only] = answer;
  if (only === undefined) return false;
  if (cases === undefined) return only.result === true;
  const here = leavesOf(only.result);
  return here.every((value) => value === true) && here.length === casesIn(cases);
}

function leavesOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}

const withCases = z.looseObject({ sub_results: z.record(z.string(), z.unknown()).optional() });

function casesIn(cases: Readonly<Record<string, unknown>>): number {
  const counts = Object.values(cases).map((one): number => {
    const { sub_results: own } = withCases.parse(one);
    return own === undefined ? 1 : casesIn(own);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
