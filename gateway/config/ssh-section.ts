import { z } from 'zod';
import { between, connectMs, type fieldsIn, host, name, port } from './fields.ts';

type Fields = ReturnType<typeof fieldsIn>;

export function sshListener({ secret }: Pick<Fields, 'secret'>) {
  return z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(2222),
      host_key: secret
        .optional()
        .describe(
          'Private key that clients know the gateway by; made at the first start and kept in `state_dir` unless set',
        ),
      ca_key: secret
        .optional()
        .describe(
          'Private Ed25519 key that vouches for the host key, and for keys of `sallyport ssh login`; made and kept as the host key unless set',
        ),
      upstream_ca_key: secret
        .optional()
        .describe(
          'Private Ed25519 key that vouches for the gateway to hosts whose login is a `certificate`; made and kept as the host key unless set',
        ),
      login_ms: between(1_000, 600_000)
        .default(120_000)
        .describe('Time to log in; a device login waits for a person with a browser'),
      auth_attempts: between(1, 100).default(10).describe('Of one connection; every key that a client offers is one'),
      channels: between(1, 1_000)
        .default(20)
        .describe('Commands that run at once over one connection, those included that a client has left running'),
      channels_per_principal: between(1, 100_000)
        .default(200)
        .describe(
          'The same of one principal over all its connections, those included that it has left running and hung up on',
        ),
      window_bytes: between(32_768, 67_108_864)
        .default(2_097_152)
        .describe(
          'That a client may send on one channel ahead of what has been read, and a host; what both keep in memory for it. A channel moves no more than this in a round trip',
        ),
      packet_bytes: between(1_024, 32_768).default(32_768).describe('Of data in one packet, from a client or a host'),
      forwards: between(0, 1_000)
        .default(100)
        .describe('Forwarded connections, and places that are listened at, at once over one connection'),
      registered_keys: between(1, 1_000_000).default(10_000).describe('Of `sallyport ssh login`, that have not ended'),
      sftp: z
        .strictObject({
          packet_bytes: between(34_000, 1_048_576)
            .default(262_144)
            .describe('Of one packet; what is read or written at once is 1 KiB less'),
          requests: between(1, 10_000)
            .default(512)
            .describe('Of one channel, without an answer yet; past them the client is not read'),
          handles: between(1, 10_000).default(256).describe('Files and directories that one channel has open'),
          path_bytes: between(1, 65_536).default(4_096),
          masked_file_bytes: between(0, 1_073_741_824)
            .default(16_777_216)
            .describe(
              'Of a file of which policy masks what is read: it is read whole and kept in memory; a longer one is refused',
            ),
          masked_bytes: between(0, 4_294_967_296)
            .default(33_554_432)
            .describe('Of all such files that one connection has open'),
          masked_total_bytes: between(0, 68_719_476_736)
            .default(268_435_456)
            .describe('The same, of all connections together'),
        })
        .prefault({})
        .describe('Files, by sftp and scp'),
    })
    .describe('Where SSH clients connect; nowhere unless set');
}

/** A public key's line, as `ssh-keyscan` and `ssh-keygen` print it, without the host's name. */
const publicKey = z
  .string()
  .regex(
    /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2}( .*)?$/,
    'expected a public key: ssh-ed25519 AAAA...',
  );

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'expected the name of a variable; a * at its end stands for anything');

export function sshTarget({ secret }: Pick<Fields, 'secret'>) {
  return z.strictObject({
    name: name.describe('What clients give as user name'),
    protocol: z.literal('ssh'),
    host,
    port: port.default(22),
    connect_ms: connectMs.describe('For TCP, key exchange and login together'),
    labels: z
      .record(z.string(), z.string())
      .default({})
      .describe('What policy sees of the target, such as `env: prod`'),
    host_keys: z
      .array(publicKey)
      .default([])
      .describe('Keys that the host may show, besides those that `sallyport target trust` recorded'),
    logins: z
      .record(
        z.string().regex(/^[A-Za-z0-9_.@-]{1,64}$/, 'expected a login of the host'),
        z.strictObject({
          key: secret.optional(),
          password: secret.optional(),
          certificate: z.literal(true).optional(),
        }),
      )
      .describe(
        'The host’s logins that clients may name: `key` (a private key), `password`, or `certificate: true` for a certificate that the gateway makes for each session (`sallyport ssh ca`)',
      ),
    login: z.string().optional().describe('The login of clients that name none; the first of `logins` unless set'),
    shell: z
      .enum(['bash', 'unknown'])
      .default('unknown')
      .describe(
        'The shell of its logins. `unknown`: sh, dash, ash, ksh, mksh, yash or zsh; what these read otherwise than bash cannot be known before it runs. Others (fish, csh) have another grammar: lines for them are refused',
      ),
    ask_shell: z
      .boolean()
      .default(true)
      .describe(
        'Before the first line of a connection the host is asked, by a line of its own, whether its shell is one of these. `false` for hosts where another program reads all lines (`ForceCommand`, git-shell): then nothing makes sure of `shell`',
      ),
    accept_env: z
      .array(variable)
      .default(['LANG', 'LANGUAGE', 'LC_*', 'NO_COLOR', 'COLORTERM'])
      .describe('Variables that clients may set; what the host’s own sshd takes of them is its affair'),
  });
}
