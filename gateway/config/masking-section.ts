import { z } from 'zod';
import { between, type fieldsIn, type SecretReference } from './fields.ts';

/** A version has one byte in what carries it. */
const maxMaskingVersion = 255;

/** The keys behind `hash` and `tokenize`. */
export function maskingSection({ secret }: Pick<ReturnType<typeof fieldsIn>, 'secret'>) {
  const version = between(1, maxMaskingVersion);
  return z.strictObject({
    key: secret
      .optional()
      .describe(
        'Of hashed and tokenized values, where there has only been one: version 1. Losing it changes all of them',
      ),
    keys: z
      .array(z.strictObject({ version, key: secret }))
      .min(1)
      .optional()
      .describe('In the place of `key`, once there is a second'),
    current: version.optional().describe('The version that values are masked with; the highest unless set'),
  });
}

/** The section as it was read. */
interface Masking {
  readonly key?: SecretReference | undefined;
  readonly keys?: readonly { readonly version: number; readonly key: SecretReference }[] | undefined;
  readonly current?: number | undefined;
}

/** The keys by version, and the version in use. */
export function maskingKeys({ key, keys, current }: Masking) {
  const all = new Map((keys ?? (key ? [{ version: 1, key }] : [])).map((entry) => [entry.version, entry.key]));
  return { all, current: current ?? Math.max(...all.keys()) };
}

/** What is wrong with them together, by where in the section. */
export function maskingRemarks(masking: Masking) {
  const { key, keys = [], current } = masking;
  if ((key === undefined) === (keys.length === 0)) {
    return [{ path: [], message: 'expected exactly one of key, keys' }];
  }
  const versions = keys.map(({ version }) => version);
  const found: { path: readonly (string | number)[]; message: string }[] = versions
    .map((version, i) => ({ version, i }))
    .filter(({ version, i }) => versions.indexOf(version) < i)
    .map(({ version, i }) => ({ path: ['keys', i, 'version'], message: `a version ${version} is there already` }));
  if (current !== undefined && !maskingKeys(masking).all.has(current)) {
    found.push({ path: ['current'], message: `there is no key of version ${current}` });
  }
  return found;
}
