import { z } from 'zod';
import { bundleSource, sourceIssues, sourceSecrets, type BundleSourceConfig } from './bundle-source.ts';
import { between, name, type fieldsIn, type SecretReference } from './fields.ts';

type Fields = Pick<ReturnType<typeof fieldsIn>, 'path' | 'existingFile' | 'secret'>;

/** Where bundles come from, and whose signatures count. */
export function policySection(fields: Fields) {
  const source = bundleSource(fields);
  const part = z.strictObject({
    name: name.describe('What status, log and errors call it'),
    ...source,
    roots: z
      .array(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*(\/[^/\s]+)*$/, 'expected a path in the data, such as columns/crm'),
      )
      .min(1)
      .optional()
      .describe(
        'A bundle of data: what it may bring, and nothing else. Exactly one bundle has none: the one with the rules',
      ),
    keys: z.array(z.string()).min(1).optional().describe('Ids of `keys` whose signature counts here; all unless set'),
  });
  const keys = z
    .array(
      z.strictObject({
        id: z.string().min(1),
        algorithm: z.enum(['ES256', 'EdDSA', 'RS256']),
        file: fields.existingFile.describe('PEM public key'),
      }),
    )
    .min(1);

  const bundles = z
    .array(part)
    .min(1)
    .optional()
    .describe('Several bundles in place of `bundle`: they are activated together, or not at all');
  const shadow = z.strictObject({
    ...source,
    bundle: source.bundle.optional(),
    bundles,
    keys: keys.optional().describe('Whose signatures on it count; `policy.keys` unless set'),
    cpu_percent: between(1, 50)
      .default(10)
      .describe(
        'The part of one processor that judging by it may take, in a thread of its own; what comes faster is not judged, and counted',
      ),
    queue: between(16, 1_000_000).default(4_096).describe('Commands that may wait to be judged by it'),
  });
  return z
    .strictObject({
      ...source,
      bundle: source.bundle.optional(),
      bundles,
      archive: z
        .strictObject({
          dir: fields.path.optional().describe('`bundles` in `state_dir` unless set'),
          max_bundles: between(1, 100_000).default(1_000).describe('The oldest go first'),
          max_bytes: between(1 << 20, 2 ** 40).default(1 << 30),
        })
        .describe('Bundles that were in force, kept so that old decisions can be made again')
        .prefault({}),
      keys: keys.describe('Whose signatures on a bundle count'),
      shadow: shadow
        .optional()
        .describe(
          'Another bundle that judges the same commands without effect: `sallyport policy shadow report` says what it would change',
        ),
      notify: z
        .array(name)
        .default([])
        .describe('Channels of `notify` that are told of every bundle that took effect or was refused'),
    })
    .superRefine((policy, context) => {
      const issue = (path: readonly (string | number)[], message: string) =>
        context.addIssue({ code: 'custom', path: [...path], message });
      for (const { path, message } of writtenIssues(policy, policy.keys)) issue(path, message);
      if (!policy.shadow) return;
      for (const { path, message } of writtenIssues(policy.shadow, policy.shadow.keys ?? policy.keys)) {
        issue(['shadow', ...path], message);
      }
    });
}

/** One bundle of the configuration, whichever way it was written. */
export interface BundleConfig {
  readonly name: string;
  readonly source: BundleSourceConfig;
  /** Undefined: the bundle with the rules. */
  readonly roots: readonly string[] | undefined;
  /** Ids of the keys that count for it; undefined: all. */
  readonly keys: readonly string[] | undefined;
}

/** A bundle that stands alone has no name of its own in the file. */
const onlyName = 'policy';

type Written = Pick<BundleSourceConfig, 'http' | 's3' | 'oci'> & {
  readonly bundle?: string | undefined;
  readonly bundles?: readonly (BundleSourceConfig & Pick<BundleConfig, 'name'> & Partial<BundleConfig>)[] | undefined;
};

export function configuredBundles(policy: Written): readonly BundleConfig[] {
  return placedSources(policy).map(({ source, name: called, roots, keys }) => ({ name: called, source, roots, keys }));
}

/** Secrets that the section names, and where in it. */
export function policySecrets(policy: Written): readonly (readonly [(string | number)[], SecretReference])[] {
  return placedSources(policy).flatMap(({ at, source }) =>
    sourceSecrets(source).map(([path, reference]) => [[...at, ...path], reference] as const),
  );
}

function placedSources(policy: Written): readonly (BundleConfig & { readonly at: readonly (string | number)[] })[] {
  const { bundle, bundles, http, s3, oci } = policy;
  const alone = { name: onlyName, roots: undefined, keys: undefined };
  return [
    ...(bundle === undefined ? [] : [{ ...alone, source: { bundle, http, s3, oci }, at: [] }]),
    ...(bundles ?? []).map((source, i) => {
      const { name: called, roots, keys } = source;
      return { name: called, source, roots, keys, at: ['bundles', i] };
    }),
  ];
}

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with the bundles of `policy`, or of its shadow. @param keys that may be named */
function writtenIssues(written: Written, keys: readonly { readonly id: string }[]): readonly Issue[] {
  const { bundle, bundles } = written;
  const one = (bundle === undefined) !== (bundles === undefined);
  const path = bundle === undefined ? [] : ['bundles'];
  return [
    ...(one ? [] : [{ path, message: 'expected exactly one of bundle, bundles' }]),
    ...placedSources(written).flatMap(({ at, source }) =>
      sourceIssues(source).map((issue) => ({ path: [...at, ...issue.path], message: issue.message })),
    ),
    ...bundlesIssues(written, keys),
  ];
}

function bundlesIssues({ bundles = [], s3, oci }: Written, keys: readonly { readonly id: string }[]): readonly Issue[] {
  if (bundles.length === 0) return [];
  const found: { path: readonly (string | number)[]; message: string }[] = [];
  if (bundles.filter(({ roots }) => roots === undefined).length !== 1) {
    found.push({ path: ['bundles'], message: 'expected exactly one bundle without roots: the one with the rules' });
  }
  for (const [section, value] of [
    ['s3', s3],
    ['oci', oci],
  ] as const) {
    if (value) found.push({ path: [section], message: 'expected it in each of bundles' });
  }
  const known = new Set(keys.map(({ id }) => id));
  const names = new Set<string>();
  for (const [i, one] of bundles.entries()) {
    if (names.has(one.name)) {
      found.push({ path: ['bundles', i, 'name'], message: `a bundle ${one.name} is there already` });
    }
    names.add(one.name);
    for (const [k, id] of (one.keys ?? []).entries()) {
      if (!known.has(id)) found.push({ path: ['bundles', i, 'keys', k], message: `there is no key ${id}` });
    }
  }
  return found;
}
