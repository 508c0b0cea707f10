import { z } from 'zod';
import { decisionLogSection } from './decision-log-section.ts';
import { maskingSection } from './masking-section.ts';
import { policySection } from './policy-section.ts';
import { sshListener, sshTarget } from './ssh-section.ts';
import { between, connectMs, fieldsIn, host, name, port, trustworthyUrl, type Surroundings } from './fields.ts';

/**
 * The configuration file, field by field. The published JSON Schema (docs/reference/config.schema.json) is made of this,
 * descriptions included. Units are in the names; a weaker mode has to be asked for by name.
 */
export function configSchema(around: Surroundings) {
  const { path, existingFile, key, secret } = fieldsIn(around);
  const seconds = (max: number) => between(0, max);

  const tls = z.strictObject({
    cert: existingFile.describe('PEM certificate chain, the server’s own first'),
    key: existingFile.describe('PEM private key'),
  });

  const postgresListener = z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(6432),
      tls: tls.optional().describe('Required, unless `cleartext_loopback` is set'),
      cleartext_loopback: z
        .boolean()
        .default(false)
        .describe('Lets tokens travel unencrypted, to listeners on loopback only'),
      auth: z
        .enum(['password', 'oauth'])
        .default('password')
        .describe('`password`: the token is the password. `oauth`: SASL OAUTHBEARER, for libpq 18 and newer'),
    })
    .describe('Where PostgreSQL clients connect');

  const adminListener = z
    .strictObject({ host: host.default('127.0.0.1'), port: port.default(6480), tls: tls.optional() })
    .describe('The admin API, health and metrics. Without TLS it has to be on loopback');

  const claims = z
    .strictObject({
      id: z.string().min(1).default('sub').describe('Claim path, or a template of them: `github:{repository}@{ref}`'),
      groups: z.string().min(1).optional().describe('Claim path to a string or a list of strings'),
      kind: z
        .strictObject({
          claim: z.string().min(1),
          agent: z.array(z.string()).min(1).describe('The values of the claim that mean an agent'),
          default: z.enum(['human', 'agent']).optional().describe('Of a token without the claim; `agent` unless set'),
        })
        .optional(),
      acts_for: z.string().min(1).optional().describe('Claim path of the actor (RFC 8693); `act` unless set'),
      pass: z.array(z.string().min(1)).default([]).describe('Claims that policy may read'),
    })
    .describe('How claims become a principal');

  const issuer = z.strictObject({
    issuer: trustworthyUrl.describe('Compared with the token’s `iss`, byte for byte'),
    audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    algorithms: z
      .array(
        z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']),
      )
      .min(1)
      .describe('Asymmetric algorithms only: who can check an HMAC can forge it'),
    jwks_uri: trustworthyUrl.optional().describe('Where the keys are; by OpenID Connect Discovery unless set'),
    max_token_age_s: between(1, 31_536_000).optional().describe('Refuses older tokens, whatever their `exp`'),
    claims: claims.prefault({}),
    device_login: z
      .strictObject({ client_id: z.string().min(1), scope: z.string().min(1).default('openid') })
      .optional()
      .describe('Lets people without a token log in with this issuer (RFC 8628)'),
  });

  const identity = z.strictObject({
    clock_tolerance_s: seconds(300).default(30),
    stale_keys_s: between(60, 2_592_000)
      .default(86_400)
      .describe('How long an issuer’s keys stay good while it cannot be reached'),
    issuers: z.array(issuer).min(1),
  });

  const postgresTarget = z.strictObject({
    name: name.describe('What clients give as database name'),
    protocol: z.literal('postgres'),
    host,
    port: port.default(5432),
    connect_ms: connectMs.describe('For TCP, TLS and login together'),
    database: z.string().min(1).max(63).describe('The database that the target’s name alone means'),
    databases: z
      .array(z.string().min(1).max(63))
      .default([])
      .describe('More databases, reached as `<target>/<database>`'),
    tls: z
      .strictObject({
        mode: z.enum(['verify-full', 'verify-ca', 'require', 'disable']).default('verify-full'),
        ca: existingFile.optional().describe('PEM authorities; those of the system unless set'),
        server_name: host.optional().describe('The name in the server’s certificate, where it is not `host`'),
      })
      .prefault({}),
    labels: z
      .record(z.string(), z.string())
      .default({})
      .describe('What policy sees of the target, such as `env: prod`'),
    allow_md5: z.boolean().default(false).describe('Lets the server ask for an MD5 login'),
    roles: z
      .record(z.string().min(1).max(63), z.strictObject({ password: secret }))
      .describe('The database’s logins that clients may name as user'),
    catalog_role: z
      .string()
      .optional()
      .describe('The login by which the gateway reads the catalog; the first of `roles` unless set'),
  });

  const target = z.discriminatedUnion('protocol', [postgresTarget, sshTarget({ secret })]);

  const policy = policySection({ path, existingFile, secret });

  const channel = z.strictObject({
    name: name.describe('What a policy’s `notify` rule calls it'),
    url: trustworthyUrl,
    secret: secret.describe('The signing secret of Standard Webhooks (`whsec_...`)'),
  });

  const limits = z.strictObject({
    connections: between(1, 100_000).default(2_000),
    connections_per_principal: between(1, 100_000).default(100),
    unauthenticated: between(1, 100_000).default(200).describe('Connections that have not logged in yet'),
    unauthenticated_ms: between(100, 600_000).default(15_000).describe('Time to log in'),
    message_bytes: between(1_024, 1_073_741_823).default(16_777_216),
    statement_bytes: between(256, 16_777_216).default(262_144),
    parser_deadline_ms: between(10, 60_000).default(2_000),
    session_buffer_bytes: between(65_536, 1_073_741_824).default(1_048_576),
    hold_ttl_max_s: between(1, 604_800).default(86_400).describe('No hold waits longer, whatever its rule says'),
    drain_ms: between(0, 3_600_000).default(30_000).describe('Time that sessions get to end when the gateway stops'),
  });

  return z.strictObject({
    listen: z.strictObject({
      postgres: postgresListener,
      ssh: sshListener({ secret }).optional(),
      admin: adminListener.prefault({}),
    }),
    state_dir: path.describe('Where the gateway keeps its database'),
    identity,
    targets: z.array(target).min(1),
    policy,
    credentials: z
      .strictObject({ store: path, key })
      .optional()
      .describe('The encrypted store; needed where a secret says `store`'),
    masking: maskingSection({ secret }),
    recordings: z.strictObject({
      dir: path,
      max_result_bytes: between(0, 1_073_741_824)
        .default(1_048_576)
        .describe('Of one command; then counts and a digest'),
      max_terminal_bytes: between(65_536, 1_073_741_824)
        .default(67_108_864)
        .describe('Of what one command prints on a terminal; a shell that has printed more is ended'),
      queue_bytes: between(65_536, 1_073_741_824)
        .default(8_388_608)
        .describe('Written later; when full, sessions wait'),
    }),
    audit: z.strictObject({
      dir: path,
      origin: z
        .string()
        .regex(/^[^\s+]+$/, 'expected a name without spaces and plus signs, such as gateway.example.com/audit')
        .describe('The log’s name in its checkpoints'),
      key: key.describe('PEM private key (Ed25519) that signs the checkpoints'),
      checkpoint_interval_ms: between(10, 3_600_000).default(1_000),
    }),
    decision_log: decisionLogSection(path, existingFile, secret).prefault({}),
    notify: z.strictObject({ channels: z.array(channel).default([]) }).prefault({}),
    sessions: z
      .strictObject({
        end_with_token: z
          .boolean()
          .default(true)
          .describe('A session ends when its token does, and what runs in it is broken off'),
        idle_s: between(1, 604_800).optional().describe('Ends sessions that say nothing for so long'),
        total_s: between(1, 31_536_000)
          .default(86_400)
          .describe('Ends sessions that have lasted so long, whatever runs or waits in them'),
      })
      .prefault({}),
    limits: limits.prefault({}),
    log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  });
}

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** A configuration that was read whole: paths are absolute, defaults are filled in. */
export type Config = Frozen<z.output<ReturnType<typeof configSchema>>>;
export type TargetConfig = Config['targets'][number];
export type PostgresTargetConfig = Extract<TargetConfig, { protocol: 'postgres' }>;
export type SshTargetConfig = Extract<TargetConfig, { protocol: 'ssh' }>;
