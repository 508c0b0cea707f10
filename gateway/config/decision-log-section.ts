import { z } from 'zod';
import { between, trustworthyUrl, type fieldsIn } from './fields.ts';

type Fields = ReturnType<typeof fieldsIn>;

/** Names that the event or the request sets itself. */
const ownHeaders = ['authorization', 'content-type', 'content-encoding', 'content-length', 'host', 'user-agent'];

/** Where decisions are sent besides the audit log, in OPA's format. */
export function decisionLogSection(
  path: Fields['path'],
  existingFile: Fields['existingFile'],
  secret: Fields['secret'],
) {
  const headerName = z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected the name of a header')
    .refine((name) => !ownHeaders.includes(name.toLowerCase()), 'this header is the gateway’s own to set');

  const receiver = (url: string) =>
    z.strictObject({
      url: trustworthyUrl.describe(url),
      token: secret.optional().describe('Sent as bearer token; read anew for each request'),
      headers: z
        .record(headerName, secret)
        .default({})
        .describe('More headers, such as an API key; read anew likewise'),
      ca: existingFile.optional().describe('PEM authorities; those of the system unless set'),
      batch_bytes: between(1_024, 16_777_216).default(262_144).describe('Sent at once, before compression'),
      max_delay_ms: between(10, 600_000).default(1_000).describe('How long a decision waits for others to travel with'),
      retry_max_s: between(1, 3_600)
        .default(60)
        .describe('The longest pause between two tries while nobody takes them; the first is half a second'),
      spool_bytes: between(65_536, 1_099_511_627_776)
        .default(1_073_741_824)
        .describe(
          'What may wait on disk (in `state_dir`) meanwhile; beyond that decisions are lost, which is said aloud',
        ),
    });

  return z
    .strictObject({
      labels: z
        .record(z.string().min(1), z.string())
        .default({})
        .describe('In every event, beside `id` (the audit log’s origin unless set here) and `version`'),
      file: z
        .strictObject({
          path: path.describe('NDJSON, one decision a line'),
          max_bytes: between(65_536, 1_099_511_627_776)
            .default(67_108_864)
            .describe('Then it becomes `<path>.1`, and the one before `<path>.2`'),
          keep: between(1, 1_000).default(5).describe('How many of those are kept'),
        })
        .optional(),
      http: receiver('Gets gzipped JSON arrays by POST, as OPA sends them').optional(),
      otlp: receiver(
        'The logs endpoint of an OpenTelemetry collector, OTLP/HTTP in JSON: `http://127.0.0.1:4318/v1/logs`',
      ).optional(),
    })
    .describe('Sends each decision elsewhere too, in OPA’s decision-log format and without labelled values');
}
