import { errorText, reportFields, sync, type Wire, type WireMessage } from '../behaviour/wire.ts';
import { bind, copyDone, describePortal, execute, parse, raw } from '../behaviour/wire.ts';

/** The ways a statement can travel. */
export const ways = ['simple', 'extended text', 'extended binary', 'prepared, five times'] as const;
export type Way = (typeof ways)[number];

/** One Query message, the bytes as they are. */
function simpleQuery(text: Buffer): Buffer {
  return raw('Q', Buffer.concat([text, Buffer.from([0])]));
}

/**
 * Says a line one way and returns everything that the server answers.
 * @param statements the line, cut into statements: what is parsed one by one; the whole line travels as one Query
 */
export async function say(
  wire: Wire,
  way: Way,
  line: Buffer,
  statements: readonly string[],
): Promise<readonly WireMessage[]> {
  switch (way) {
    case 'simple':
      return exchange(wire, [simpleQuery(line)]);
    case 'extended text':
      return all(statements, (text) => exchange(wire, [parse('', text), ...run('', 0), sync]));
    case 'extended binary':
      return all(statements, (text) => exchange(wire, [parse('', text), ...run('', 1), sync]));
    case 'prepared, five times':
      return all(statements, async (text, i) => {
        const name = `s${String(i)}`;
        const messages = [...(await exchange(wire, [parse(name, text), sync]))];
        for (let n = 0; n < 5; n += 1) messages.push(...(await exchange(wire, [...run(name, 0), sync])));
        return messages;
      });
    default:
      return way satisfies never;
  }
}

function run(statement: string, format: 0 | 1): readonly Buffer[] {
  return [bind('', statement, [], { results: [format] }), describePortal(''), execute()];
}

/** Sends, and listens up to ReadyForQuery; gives a COPY that waits for rows none. Ends where the connection does. */
async function exchange(wire: Wire, messages: readonly Buffer[]): Promise<readonly WireMessage[]> {
  const extended = messages.length > 1;
  const heard: WireMessage[] = [];
  if (wire.closed) return heard; // what ended the session is among what was heard before
  wire.send(...messages);
  for (;;) {
    const more = await wire.until(({ tag }) => tag === 'Z' || tag === 'G').catch(() => undefined);
    if (!more) return [...heard, ...(await wire.toTheEnd())];
    heard.push(...more);
    if (more.at(-1)?.tag === 'Z') return heard;
    // The Sync that came too early was swallowed: postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
    wire.send(copyDone, ...(extended ? [sync] : []));
  }
}

async function all(
  statements: readonly string[],
  each: (text: string, i: number) => Promise<readonly WireMessage[]>,
): Promise<readonly WireMessage[]> {
  const messages: WireMessage[] = [];
  for (const [i, text] of statements.entries()) messages.push(...(await each(text, i)));
  return messages;
}

/** What became of a line, the most telling first: one refusal refuses it. */
export const outcomes = ['denied', 'failed', 'masked', 'allowed'] as const;
export type Outcome = (typeof outcomes)[number];

const redacted = Buffer.from('***');

export function outcomeOf(messages: readonly WireMessage[]): Outcome {
  const errors = messages.filter(({ tag }) => tag === 'E');
  if (errors.some(isDenial)) return 'denied';
  if (errors.length > 0) return 'failed';
  const rows = messages.filter(({ tag }) => tag === 'D' || tag === 'd');
  return rows.some(({ body }) => body.includes(redacted)) ? 'masked' : 'allowed';
}

/** What policy or the gateway refused, and not the server. */
function isDenial(message: WireMessage): boolean {
  return reportFields(message).get('M')?.startsWith('denied by policy') ?? false;
}

/** The reason of the first refusal. */
export function reasonOf(messages: readonly WireMessage[]): string {
  const error = messages.find((message) => message.tag === 'E' && isDenial(message));
  return error ? (reportFields(error).get('M') ?? '') : errorText(messages);
}

/** Values of all rows, column by column, as text. */
export function columnsOf(messages: readonly WireMessage[]): readonly (readonly string[])[] {
  const columns: string[][] = [];
  for (const { tag, body } of messages) {
    if (tag !== 'D') continue;
    let at = 2;
    for (let i = 0; i < body.readUInt16BE(0); i += 1) {
      const length = Math.max(0, body.readInt32BE(at));
      (columns[i] ??= []).push(body.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
  }
  return columns;
}

/** What may differ between two runs without saying anything: who asked, in which session, and who sends a notification. */
export function comparable(messages: readonly WireMessage[]): readonly string[] {
  return messages.map(({ tag, body }) => {
    const text = body.toString('latin1', tag === 'A' ? 4 : 0);
    // The second is the `application_name` that the gateway has at the target.
    return `${tag} ${text.replace(/request \S+/, 'request').replace(/sallyport [\w-]+/, 'sallyport')}`;
  });
}
