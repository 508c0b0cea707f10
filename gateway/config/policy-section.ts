import { z } from 'zod';
import { between, trustworthyUrl, type fieldsIn } from './fields.ts';

type Fields = ReturnType<typeof fieldsIn>;

/** Where bundles come from, and whose signatures count. */
export function policySection(path: Fields['path'], existingFile: Fields['existingFile'], secret: Fields['secret']) {
  const bundle = z
    .string()
    .min(1)
    .superRefine((text, context) => {
      if (!isAddress(text)) return;
      for (const { message } of trustworthyUrl.safeParse(text).error?.issues ?? []) {
        context.addIssue({ code: 'custom', message });
      }
      const url = URL.parse(text);
      if (!url?.username && !url?.password) return;
      context.addIssue({
        code: 'custom',
        message: 'expected an address without a password: it is shown; set http.token',
      });
    })
    .transform((text) => (isAddress(text) ? text : path.parse(text)));
  const pause = between(1, 86_400);

  const source = {
    bundle: bundle.describe(
      'A bundle, the directory that holds one as bundle.tar.gz, or the https:// address of one (http:// on loopback only)',
    ),
    http: z
      .strictObject({
        token: secret.optional().describe('Sent as bearer token, to the address’s own origin only'),
        ca: existingFile.optional().describe('PEM authorities; those of the system unless set'),
        wait_s: between(0, 600)
          .default(60)
          .describe('How long a server that can is asked to hold a request until there is a new bundle; 0 for never'),
        poll_min_s: pause.default(10).describe('Where it cannot: the shortest time between two requests'),
        poll_max_s: pause
          .default(20)
          .describe('The longest. The time is random, so that gateways do not ask all at once'),
      })
      .describe('For a bundle behind an address')
      .prefault({}),
  };
  const keys = z
    .array(
      z.strictObject({
        id: z.string().min(1),
        algorithm: z.enum(['ES256', 'EdDSA', 'RS256']),
        file: existingFile.describe('PEM public key'),
      }),
    )
    .min(1);

  const shadow = z
    .strictObject({
      ...source,
      keys: keys.optional().describe('Whose signatures on it count; `policy.keys` unless set'),
      cpu_percent: between(1, 50)
        .default(10)
        .describe(
          'The part of the gateway’s time that judging by it may take; what comes faster is not judged, and counted',
        ),
      queue: between(16, 1_000_000).default(4_096).describe('Commands that may wait to be judged by it'),
    })
    .superRefine(agree);

  return z
    .strictObject({
      ...source,
      archive: z
        .strictObject({
          dir: path.optional().describe('`bundles` in `state_dir` unless set'),
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
    })
    .superRefine(agree);
}

interface Source {
  readonly bundle: string;
  readonly http: {
    readonly poll_min_s: number;
    readonly poll_max_s: number;
    readonly token?: unknown;
    readonly ca?: unknown;
  };
}

/** The fields of a source that single ones cannot see. */
function agree({ bundle: from, http }: Source, context: z.RefinementCtx): void {
  if (http.poll_min_s > http.poll_max_s) {
    context.addIssue({ code: 'custom', path: ['http', 'poll_max_s'], message: 'expected no less than poll_min_s' });
  }
  if (isAddress(from)) return;
  for (const name of ['token', 'ca'] as const) {
    if (http[name] === undefined) continue;
    context.addIssue({
      code: 'custom',
      path: ['http', name],
      message: 'the bundle is a file: nothing is asked for it',
    });
  }
}

/** Anything with a scheme is meant as an address, whatever the scheme: a path is not taken for one by mistake. */
export function isAddress(bundle: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(bundle);
}
