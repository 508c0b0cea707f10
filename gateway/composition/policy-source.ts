import { readFile } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import { isAddress } from '../config/policy-section.ts';
import type { Credentials } from '../credentials/index.ts';
import type { HttpSourceOptions } from '../policy/sources/http.ts';

/** Where the policy room gets its bundles: a path, or what it takes to ask a server. */
export async function policySource(
  { bundle, http }: Pick<Config['policy'], 'bundle' | 'http'>,
  secrets: Credentials,
): Promise<string | HttpSourceOptions> {
  if (!isAddress(bundle)) return bundle;
  const { token, ca } = http;
  return {
    url: bundle,
    waitS: http.wait_s,
    minPauseMs: http.poll_min_s * 1_000,
    maxPauseMs: http.poll_max_s * 1_000,
    ...(token && { token: async () => (await secrets.resolve(token)).reveal() }),
    ...(ca !== undefined && { ca: await readFile(ca, 'utf8') }),
  };
}
