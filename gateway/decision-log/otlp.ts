import { z } from 'zod';
import type { EventLabels } from './event.ts';
import { retryAfterMs, type Answer } from './post.ts';
import type { Sent } from './sender.ts';

/** The fields of an event that a log record repeats as attributes. */
const eventShape = z.looseObject({
  timestamp: z.iso.datetime(),
  decision_id: z.string(),
  path: z.string(),
  bundles: z.object({ policy: z.object({ revision: z.string() }) }).optional(),
  input: z.looseObject({ principal: z.object({ id: z.string() }), target: z.object({ name: z.string() }) }),
  result: z.looseObject({ effect: z.string(), took_effect: z.string().optional() }),
});

const answerShape = z.object({
  partialSuccess: z
    .object({ rejectedLogRecords: z.coerce.number().default(0), errorMessage: z.string().default('') })
    .optional(),
});

/** A batch as an OTLP/HTTP request in JSON: opentelemetry.io/docs/specs/otlp. Each record's body is the whole event. */
export function otlpBody({ id = '', version = '', ...labels }: EventLabels, lines: readonly string[]): string {
  const resource = { 'service.name': 'sallyport', 'service.version': version, 'service.instance.id': id, ...labels };
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attributes(resource) },
        scopeLogs: [{ scope: { name: 'sallyport.decision_log', version }, logRecords: lines.map(recordOf) }],
      },
    ],
  });
}

/** What may be tried again is what the specification says; what else a person can mend (a token, an address) is tried again too. */
export function otlpAnswer(answer: Answer): Sent {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered', ...rejectedBy(body) };
  const why = `the collector answered ${status}`;
  if (status === 413) return { outcome: 'too-large', why };
  if (status === 400) return { outcome: 'refused', why };
  return { outcome: 'retry', why, afterMs: retryAfterMs(answer) };
}

function rejectedBy(body: string): { readonly rejected: number; readonly why: string } {
  const { partialSuccess } = answerShape.safeParse(parsed(body)).data ?? {};
  if (!partialSuccess) return { rejected: 0, why: '' };
  const { rejectedLogRecords: rejected, errorMessage } = partialSuccess;
  return { rejected, why: `the collector rejected them: ${errorMessage}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // an empty answer is a success
  }
}

function recordOf(line: string): object {
  const event = eventShape.parse(JSON.parse(line));
  const { timestamp, decision_id, path, bundles, input, result } = event;
  const effect = result.took_effect ?? result.effect;
  const nanoseconds = `${Date.parse(timestamp)}000000`;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    // INFO and WARN of the data model: opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
    ...(effect === 'deny' ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' }),
    eventName: 'sallyport.decision',
    attributes: attributes({
      'sallyport.decision_id': decision_id,
      'sallyport.path': path,
      'sallyport.effect': effect,
      'sallyport.principal': input.principal.id,
      'sallyport.target': input.target.name,
      'sallyport.revision': bundles?.policy.revision ?? '',
    }),
    body: anyValue(event),
  };
}

function attributes(named: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(named).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** JSON as OTLP's AnyValue. 64-bit integers are strings in its JSON form. */
function anyValue(value: unknown): object {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
      if (typeof value !== 'object' || value === null) return {}; // null is a value without one
      const values = Object.entries(value).map(([key, member]) => ({ key, value: anyValue(member) }));
      return { kvlistValue: { values } };
  }
}
