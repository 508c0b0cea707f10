import { z } from 'zod';
import type { Command, Entrypoint } from '../../contract/command.ts';
import { effects, type Decision } from '../../contract/decision.ts';
import { SallyportError } from '../../contract/errors.ts';
import { asId, type RequestId, type SessionId } from '../../contract/ids.ts';
import type { SessionFrame } from '../../contract/ports.ts';
import { inputOf } from '../schema/frame.ts';
import { adminCommand, connectCommand } from '../schema/own.ts';
import { postgresCommand } from '../schema/postgres.ts';
import { sshCommand } from '../schema/ssh.ts';
import { readAnswer } from './answer.ts';
import { plainInput } from './canary.ts';
import type { Engine } from './engine.ts';
import { entrypointOf } from './entrypoints.ts';
import { entrypoints } from '../schema/json-schema.ts';

/** Each costs a decision at load, and its text a place in the engine's memory. */
const maxCases = 1_000;

/** One case of `canaries` in a bundle's data: an input, and what has to come of it before the bundle goes live. */
const caseSchema = z.strictObject({
  title: z.string().min(1),
  entrypoint: z.enum(entrypoints.map((name) => entrypointOf[name])),
  /** Laid over a plain input: `select 1`, one admission, or one API call, by a person of no known group. */
  input: z.record(z.string(), z.unknown()),
  expect: z.strictObject({
    effect: z.enum(effects),
    /** Ids that have to be among the findings. */
    findings: z.array(z.string()).default([]),
  }),
});
export const canaryCases = z.array(caseSchema).max(maxCases);
type CanaryCase = z.infer<typeof caseSchema>;

const dataSchema = z.looseObject({ canaries: canaryCases.default([]) });

/**
 * Tries the cases that travel in a bundle on its engine. The way is that of real commands, projection included.
 * @param data the bundle's `data.json`
 * @returns how many there were
 * @throws SallyportError `bundle-invalid` naming the first case that came out otherwise
 */
export function flyCases(engine: Engine, data: Buffer): number {
  const read = dataSchema.safeParse(JSON.parse(data.toString('utf8')));
  if (!read.success) throw new SallyportError('bundle-invalid', `data.json: ${z.prettifyError(read.error)}`);
  for (const one of read.data.canaries) {
    const wrong = outcomeOf(engine, one);
    if (wrong !== undefined)
      throw new SallyportError('bundle-invalid', `canary ${JSON.stringify(one.title)}: ${wrong}`);
  }
  return read.data.canaries.length;
}

/** What is wrong with it; undefined when it came out as expected. */
function outcomeOf(engine: Engine, one: CanaryCase): string | undefined {
  try {
    const decision = decide(engine, one);
    const found = decision.findings.map((f) => f.id);
    const missing = one.expect.findings.filter((id) => !found.includes(id));
    if (decision.effect === one.expect.effect && missing.length === 0) return undefined;
    const wanted = [one.expect.effect, ...one.expect.findings].join(' ');
    return `expected ${wanted}, got ${[decision.effect, ...new Set(found)].join(' ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function decide(engine: Engine, { entrypoint, input }: CanaryCase): Decision {
  const requestId = asId<RequestId>('canary');
  const name = entrypoints.find((e) => entrypointOf[e] === entrypoint) ?? 'postgres'; // the schema knows no other
  const { command, session, now, approval, ...fixed } = inputFor(name, input);
  const frame: SessionFrame = {
    ...fixed,
    id: asId<SessionId>(session.id),
    startedAtMs: Date.parse(session.started_at),
  };
  const projection = engine.projection(name);
  const text = engine.evaluate(name, projection.whole(frame, command, requestId, { session, now, approval }), []);
  return readAnswer(text, requestId, engine.revision, approval);
}

const schemas = {
  postgres: inputOf(postgresCommand),
  ssh: inputOf(sshCommand),
  session: inputOf(connectCommand),
  admin: inputOf(adminCommand),
} as const;

type Input = Omit<z.infer<(typeof schemas)['postgres']>, 'command'> & { readonly command: Command };

/** The plain input with this one's fields over it, two levels deep; whatever the schema does not know is refused. */
function inputFor(entrypoint: Entrypoint, given: Readonly<Record<string, unknown>>): Input {
  const merged: Record<string, unknown> = { ...plainInput(entrypoint) };
  for (const [name, value] of Object.entries(given)) merged[name] = laidOver(merged[name], value);
  const read = schemas[entrypoint].safeParse(merged);
  if (!read.success) throw new TypeError(z.prettifyError(read.error));
  return read.data;
}

function laidOver(below: unknown, above: unknown): unknown {
  return isObject(below) && isObject(above) ? { ...below, ...above } : above;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
