import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleSources } from '../policy/build/interface.ts';
import { CliError, exitCodes } from './exit.ts';
import { packageRoot } from './version.ts';

/** Directories somebody named, and the contract with the gateway itself: that comes from the package, whatever the policies are. */
export function sourcesOf(policies: readonly string[], tests: readonly string[]): BundleSources {
  for (const folder of [...policies, ...tests]) {
    if (!existsSync(folder)) throw new CliError(exitCodes.usage, `there is no directory ${folder}`);
  }
  return {
    policies,
    tests,
    schemas: join(packageRoot, 'policies/schemas'),
    capabilities: join(packageRoot, 'policies/capabilities.json'),
  };
}

export function choiceOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new CliError(exitCodes.usage, `${flag}: expected one of ${choices.join(', ')}`);
}
