import { z } from 'zod';
import { readBundleAddress } from './bundle-address.ts';
import { between, isLoopback, trustworthyUrl, type fieldsIn, type SecretReference } from './fields.ts';

type Fields = Pick<ReturnType<typeof fieldsIn>, 'path' | 'existingFile' | 'secret'>;

/** Where one bundle comes from, and how its server is asked. */
export function bundleSource({ path, existingFile, secret }: Fields) {
  const pause = between(1, 86_400);
  const bundle = z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const read = readBundleAddress(text);
      if (!read.ok) return context.addIssue({ code: 'custom', message: read.why });
      if (read.address.kind !== 'http') return;
      for (const { message } of trustworthyUrl.safeParse(text).error?.issues ?? []) {
        context.addIssue({ code: 'custom', message });
      }
      const url = URL.parse(text);
      if (!url?.username && !url?.password) return;
      const message = 'expected an address without a password: it is shown; set http.token';
      context.addIssue({ code: 'custom', message });
    })
    .transform((text) => {
      const read = readBundleAddress(text);
      return read.ok && read.address.kind === 'file' ? path.parse(text) : text;
    });
  return {
    bundle: bundle.describe(
      'A bundle, the directory that holds one as bundle.tar.gz, or an address: `https://` (`http://` on loopback only), `s3://bucket/key`, or `oci://registry/repository` with `:tag` or `@sha256:…`',
    ),
    http: z
      .strictObject({
        token: secret.optional().describe('Sent as bearer token, to the https:// address’s own origin only'),
        ca: existingFile.optional().describe('PEM authorities; those of the system unless set'),
        wait_s: between(0, 600)
          .default(60)
          .describe('How long a server that can is asked to hold a request until there is a new bundle; 0 for never'),
        poll_min_s: pause.default(10).describe('Where it cannot: the shortest time between two requests'),
        poll_max_s: pause
          .default(20)
          .describe('The longest. The time is random, so that gateways do not ask all at once'),
      })
      .describe('For a bundle behind an address, whatever its kind')
      .prefault({}),
    s3: z
      .strictObject({
        region: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected a region, such as eu-central-1'),
        endpoint: trustworthyUrl.optional().describe('Of a store that is not AWS'),
        path_style: z
          .boolean()
          .optional()
          .describe('The bucket in the path, not in the host’s name; where there is an endpoint unless set'),
        access_key_id: secret.optional().describe('`AWS_ACCESS_KEY_ID` of the environment unless set'),
        secret_access_key: secret.optional().describe('`AWS_SECRET_ACCESS_KEY` of the environment unless set'),
        session_token: secret
          .optional()
          .describe('Of temporary keys; with keys from the environment, `AWS_SESSION_TOKEN`'),
        anonymous: z.boolean().default(false).describe('Requests are not signed: for a public bucket'),
      })
      .optional()
      .describe('For a bundle at s3://'),
    oci: z
      .strictObject({
        username: z.string().min(1).optional().describe('Anonymous unless set'),
        password: secret.optional().describe('The password or access token that belongs to it'),
        plain_http: z.boolean().default(false).describe('HTTP in place of HTTPS, for a registry on loopback only'),
      })
      .optional()
      .describe('For a bundle at oci://'),
  };
}

/** As `bundleSource` reads it. */
export interface BundleSourceConfig {
  readonly bundle: string;
  readonly http: {
    readonly token?: SecretReference | undefined;
    readonly ca?: string | undefined;
    readonly wait_s: number;
    readonly poll_min_s: number;
    readonly poll_max_s: number;
  };
  readonly s3?:
    | {
        readonly region: string;
        readonly endpoint?: string | undefined;
        readonly path_style?: boolean | undefined;
        readonly access_key_id?: SecretReference | undefined;
        readonly secret_access_key?: SecretReference | undefined;
        readonly session_token?: SecretReference | undefined;
        readonly anonymous: boolean;
      }
    | undefined;
  readonly oci?:
    | {
        readonly username?: string | undefined;
        readonly password?: SecretReference | undefined;
        readonly plain_http: boolean;
      }
    | undefined;
}

export interface SourceIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/** What does not belong to the kind of address that the bundle has, and what is missing for it. */
export function sourceIssues({ bundle, http, s3, oci }: BundleSourceConfig): readonly SourceIssue[] {
  const found: SourceIssue[] = [];
  const issue = (path: string, message: string) => void found.push({ path: path.split('.'), message });
  if (http.poll_min_s > http.poll_max_s) issue('http.poll_max_s', 'expected no less than poll_min_s');
  const read = readBundleAddress(bundle);
  if (!read.ok) return found; // said where it is read
  const { address } = read;
  if (address.kind === 'file' && http.ca !== undefined)
    issue('http.ca', 'the bundle is a file: nothing is asked for it');
  if (address.kind !== 'http' && http.token !== undefined) {
    const what = address.kind === 'file' ? 'a file: nothing is asked for it' : `at ${address.kind}://`;
    issue('http.token', `the bundle is ${what}`);
  }
  if (address.kind !== 's3' && s3) issue('s3', 'the bundle is not at s3://');
  if (address.kind !== 'oci' && oci) issue('oci', 'the bundle is not at oci://');
  if (address.kind === 's3') found.push(...s3Issues(s3));
  if (address.kind === 'oci') found.push(...ociIssues(oci, address.host));
  return found;
}

/** Secrets that it names, and where. */
export function sourceSecrets({
  http,
  s3,
  oci,
}: BundleSourceConfig): readonly (readonly [string[], SecretReference])[] {
  const named: readonly (readonly [string[], SecretReference | undefined])[] = [
    [['http', 'token'], http.token],
    [['s3', 'access_key_id'], s3?.access_key_id],
    [['s3', 'secret_access_key'], s3?.secret_access_key],
    [['s3', 'session_token'], s3?.session_token],
    [['oci', 'password'], oci?.password],
  ];
  return named.flatMap(([path, reference]) => (reference === undefined ? [] : [[path, reference] as const]));
}

function s3Issues(s3: BundleSourceConfig['s3']): readonly SourceIssue[] {
  if (!s3) return [{ path: ['s3'], message: 'expected s3 {region} for a bundle at s3://' }];
  const keys = [s3.access_key_id, s3.secret_access_key].filter((key) => key !== undefined).length;
  if (keys === 1) return [{ path: ['s3'], message: 'expected both of access_key_id, secret_access_key, or neither' }];
  if (s3.anonymous && (keys > 0 || s3.session_token)) {
    return [{ path: ['s3', 'anonymous'], message: 'expected no keys: nothing is signed' }];
  }
  if (keys === 0 && s3.session_token) {
    return [{ path: ['s3', 'session_token'], message: 'expected access_key_id and secret_access_key beside it' }];
  }
  return [];
}

function ociIssues(oci: BundleSourceConfig['oci'], host: string): readonly SourceIssue[] {
  if (!oci) return [];
  if ((oci.username === undefined) !== (oci.password === undefined)) {
    return [{ path: ['oci'], message: 'expected both of username, password, or neither' }];
  }
  if (oci.plain_http && !isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))) {
    return [{ path: ['oci', 'plain_http'], message: `cleartext is for loopback only, and ${host} is not` }];
  }
  return [];
}
