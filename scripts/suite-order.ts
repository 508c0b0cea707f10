import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = join(import.meta.dirname, '..');

/**
 * The files that take longest, longest first: one of them at the end has nobody left to run beside it. `./scripts/test` prints
 * the slowest at its end. The rest follows as vitest orders them, by their size or by how long they took here before.
 */
const longest = [
  'scripts/docs/examples/policies.test.ts',
  'scripts/docs/examples/tutorials.test.ts',
  'scripts/docs/examples/terminal.test.ts',
  'scripts/docs/examples/bundles.test.ts',
  'gateway/testing/leak/leak.test.ts',
  'gateway/testing/leak/generator/generator.test.ts',
  'gateway/testing/behaviour/kill.test.ts',
  'gateway/testing/behaviour/bad-input.test.ts',
  'gateway/testing/ssh/lines.test.ts',
  'gateway/testing/ssh/as-direct.test.ts',
  'gateway/cli/cli.test.ts',
  'gateway/policy/lint/check.test.ts',
  'gateway/testing/ssh/floods.test.ts',
  'gateway/testing/ssh/shells.test.ts',
  'gateway/testing/behaviour/disk-full.test.ts',
  'gateway/testing/ssh/limits.test.ts',
  'gateway/testing/reload/reload.test.ts',
  'gateway/policy/build/build.test.ts',
  'scripts/docs/examples/ssh.test.ts',
  'scripts/docs/tour.test.ts',
  'gateway/testing/conformance/ssh.test.ts',
];

export class LongestFirst extends BaseSequencer {
  /** @throws Error for a name in the list that is no file any more */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = longest.filter((name) => !existsSync(join(root, name)));
    if (gone.length > 0) throw new Error(`scripts/suite-order.ts names files that are not there: ${gone.join(', ')}`);
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = longest.indexOf(relative(root, moduleId));
      return place < 0 ? longest.length : place;
    };
    // Sorting is stable.
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
