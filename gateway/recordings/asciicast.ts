import { constants } from 'node:os';
import { printedBytes, type RecordingEvent } from './format.ts';

type Of<Type extends RecordingEvent['type']> = Extract<RecordingEvent, { type: Type }>;

/**
 * One terminal of a recording as asciicast v3 (docs.asciinema.org/manual/asciicast/v3): a header, then `[interval, code, data]` with intervals in
 * seconds, `o` for output, `r` for a new size, `x` for the exit status. What was typed is in no recording, so there is no `i`.
 * @param wanted number of a command; the first that had a terminal unless given
 * @returns lines without their ends; none when there is no such terminal
 */
export async function* asciicast(events: AsyncIterable<RecordingEvent>, wanted?: number): AsyncGenerator<string> {
  const texts = new Map<number, string>();
  const commands = new Map<number, Of<'command'>>();
  let cast: Cast | undefined;
  let header: Of<'header'> | undefined;
  for await (const event of events) {
    if (event.type === 'header') header = event;
    else if (event.type === 'text') texts.set(event.n, event.text);
    else if (event.type === 'command') commands.set(event.command, event);
    else if (cast) {
      if ('command' in event && event.command === cast.command) yield* cast.event(event);
    } else if (event.type === 'screen' && (wanted ?? event.command) === event.command) {
      cast = new Cast(event);
      const asked = commands.get(event.command)?.text ?? '';
      yield heading(event, header, typeof asked === 'string' ? asked : (texts.get(asked) ?? ''));
    }
  }
}

function heading(screen: Of<'screen'>, header: Of<'header'> | undefined, command: string): string {
  const startedMs = header ? Date.parse(header.started_at) + screen.t : undefined;
  const title = header && `${header.principal.id} on ${header.target.name}, session ${header.session}`;
  return JSON.stringify({
    version: 3,
    term: { cols: screen.cols, rows: screen.rows, ...(screen.term === '' ? {} : { type: screen.term }) },
    timestamp: startedMs === undefined ? undefined : Math.floor(startedMs / 1_000),
    command: command === '' ? undefined : command,
    title,
  });
}

class Cast {
  readonly command: number;
  readonly #decoder = new TextDecoder();
  #lastMs: number;

  constructor(screen: Of<'screen'>) {
    this.command = screen.command;
    this.#lastMs = screen.t;
  }

  *event(event: RecordingEvent): Generator<string> {
    switch (event.type) {
      case 'bytes': {
        // A character may be cut in two: what is left of it comes with the next piece.
        const text = this.#decoder.decode(printedBytes(event), { stream: true });
        if (text !== '') yield this.#line(event.t, 'o', text);
        return;
      }
      case 'message':
        yield this.#line(event.t, 'o', `sallyport: ${event.text}\r\n`);
        return;
      case 'screen':
        yield this.#line(event.t, 'r', `${event.cols}x${event.rows}`);
        return;
      case 'end':
        yield this.#line(event.t, 'x', String(exitStatus(event)));
        return;
      default: // how it was judged, and the rest of the session: nobody saw it on this terminal
    }
  }

  #line(atMs: number, code: 'o' | 'r' | 'x', data: string): string {
    const seconds = Math.max(0, atMs - this.#lastMs) / 1_000;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    return JSON.stringify([Number(seconds.toFixed(3)), code, data]);
  }
}

/** As a shell has it: 128 and more for a signal. */
function exitStatus({ ok, code = '' }: Of<'end'>): number {
  if (ok) return 0;
  const exit = /^exit (\d+)$/.exec(code)?.[1];
  if (exit !== undefined) return Number(exit);
  const signal = Object.entries(constants.signals).find(([name]) => name === code)?.[1];
  return signal === undefined ? 255 : 128 + signal;
}
