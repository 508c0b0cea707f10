import type { ApprovalFact, Command, NowFacts, SessionFacts } from '../../contract/command.ts';
import type { RequestId } from '../../contract/ids.ts';
import type { SessionFrame } from '../../contract/ports.ts';

/** Names of fields that rules read of one object, or all of it. */
type Fields = 'all' | readonly string[];

/** Parts of the input that do not change while a session lasts. */
export const partNames = ['principal', 'client', 'target'] as const;
export type PartName = (typeof partNames)[number];

/** What changes from one command to the next, beside the command. */
export interface Circumstances {
  readonly session: SessionFacts;
  readonly now: NowFacts;
  readonly approval: ApprovalFact | undefined;
}

/** The longest text of varying inputs that is worth a place in a cache's key. */
const maxKeySuffix = 512;

/**
 * The input of one entrypoint, cut down to what its rules read: the bundle's manifest lists that. JSON is the cost of a decision,
 * and what is not read cannot change it.
 */
export class Projection {
  readonly #command: Fields;
  readonly #session: Fields;
  readonly #now: Fields;
  readonly #parts: Readonly<Record<PartName, Fields>>;
  readonly #varying: readonly ('params' | 'transaction' | 'batch')[];
  readonly #steady: boolean;
  /** Nothing varies but the look-ups before a command that makes one. */
  readonly #steadyButLookups: boolean;

  /** @param reads paths such as `command.effects`; undefined or an empty path: everything */
  constructor(reads: readonly string[] | undefined) {
    this.#command = fieldsOf(reads, 'command');
    this.#session = fieldsOf(reads, 'session');
    this.#now = fieldsOf(reads, 'now');
    this.#parts = {
      principal: fieldsOf(reads, 'principal'),
      client: fieldsOf(reads, 'client'),
      target: fieldsOf(reads, 'target'),
    };
    this.#varying = (['params', 'transaction', 'batch'] as const).filter((name) => includes(this.#command, name));
    const steady = this.#varying.length === 0 && this.#now.length === 0;
    this.#steady = steady && this.#session.length === 0;
    this.#steadyButLookups = steady && this.#session !== 'all' && this.#session.every((field) => field === 'lookups');
  }

  /** One fixed part as JSON; undefined when nothing of it is read. */
  part(name: PartName, frame: SessionFrame): string | undefined {
    return picked(frame[name], this.#parts[name]);
  }

  /** What is read of the command and of what is around it: members of a JSON object, each led by a comma. */
  facts(command: Command, around: Circumstances): string {
    let text = '';
    const add = (name: string, json: string | undefined) => {
      if (json !== undefined) text += `,"${name}":${json}`;
    };
    add('command', picked(this.#legible(command), this.#command));
    add('session', picked(around.session, this.#session));
    add('now', picked(around.now, this.#now));
    if (around.approval !== undefined) add('approval', JSON.stringify(around.approval));
    return text;
  }

  /**
   * A bundle from before there were measures has no rule for them: to its rules such a statement is one that was not understood. One that knows nothing of
   * quotes is told of their labels as of any others.
   */
  #legible(command: Command): Command {
    if (command.protocol !== 'postgres') return command;
    const { measures, analysis } = command;
    const quotes = includes(this.#command, 'quotes') ? [] : command.quotes;
    const isLegible = measures.length === 0 || includes(this.#command, 'measures');
    if (isLegible && quotes.length === 0) return command;
    const labels = [...new Set([...command.labels, ...quotes])];
    if (isLegible) return { ...command, labels };
    const told = measures.map(({ name }) => `${name} is a measure, for which this bundle has no rule`);
    return { ...command, labels, analysis: { complete: false, reasons: [...analysis.reasons, ...told] } };
  }

  /** The input as JSON, with `parts` (JSON by name) inlined. */
  input(
    command: Command,
    requestId: RequestId,
    around: Circumstances,
    parts: Iterable<readonly [name: string, json: string]> = [],
  ): string {
    return this.inputOf(requestId, this.facts(command, around), parts);
  }

  /** The same with what is read of the frame in it. */
  whole(frame: SessionFrame, command: Command, requestId: RequestId, around: Circumstances): string {
    const parts = partNames.flatMap((name) => {
      const json = this.part(name, frame);
      return json === undefined ? [] : [[name, json] as const];
    });
    return this.input(command, requestId, around, parts);
  }

  /** Whether a rule reads a field of the command. */
  readsCommand(field: string): boolean {
    return includes(this.#command, field);
  }

  /** The input from `facts`, where they were needed before. */
  inputOf(requestId: RequestId, facts: string, parts: Iterable<readonly [name: string, json: string]> = []): string {
    let text = `{"v":1,"request_id":${JSON.stringify(requestId)}${facts}`;
    for (const [name, json] of parts) text += `,"${name}":${json}`;
    return `${text}}`;
  }

  /**
   * The caller's key and those varying inputs that rules read: equal keys get equal decisions.
   * Undefined when a decision is not worth keeping: one after an approval, or one over long parameters.
   */
  key(key: string, command: Command, around: Circumstances): string | undefined {
    if (around.approval !== undefined) return undefined;
    if (this.#steady || (this.#steadyButLookups && around.session.lookups === 0)) return key;
    const varying = this.#varying.length === 0 ? '' : picked(command, this.#varying);
    const suffix = `${varying}${picked(around.session, this.#session) ?? ''}${picked(around.now, this.#now) ?? ''}`;
    // NUL cannot be in JSON text, so no key runs into its suffix.
    return suffix.length > maxKeySuffix ? undefined : `${key}\0${suffix}`;
  }
}

function fieldsOf(reads: readonly string[] | undefined, name: string): Fields {
  if (reads === undefined || reads.includes('') || reads.includes(name)) return 'all';
  const fields = reads.filter((path) => path.startsWith(`${name}.`)).map((path) => path.split('.')[1] ?? '');
  return [...new Set(fields)];
}

function includes(fields: Fields, name: string): boolean {
  return fields === 'all' || fields.includes(name);
}

/** `value` as JSON with only `fields` in it. A field it does not have stays out: to Rego that is undefined, as it should be. */
function picked(value: object, fields: Fields): string | undefined {
  if (fields === 'all') return JSON.stringify(value);
  if (fields.length === 0) return undefined;
  const chosen: Record<string, unknown> = {};
  for (const field of fields)
    if (Object.hasOwn(value, field)) chosen[field] = (value as Readonly<Record<string, unknown>>)[field]; // hasOwn saw it
  // All at once: for each field by itself it takes twice as long.
  return JSON.stringify(chosen);
}
