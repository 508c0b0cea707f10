import { printedBytes, type RecordingEvent } from './format.ts';
import { screenEnd, ScreenText } from './screen-text.ts';

/** What stands on the screen after `atMs` of the session. */
export interface Frame {
  /** Milliseconds since the session began. */
  readonly atMs: number;
  readonly text: string;
}

/** A command that is being replayed, until its end. */
interface Shown {
  columns: readonly string[];
  readonly rows: (readonly (string | null)[])[];
  omitted: number;
}

export interface RendererOptions {
  readonly isTerminal: boolean;
}

type Of<Type extends RecordingEvent['type']> = Extract<RecordingEvent, { type: Type }>;

/**
 * Shows a recording as the session looked in psql. Pure but for what it remembers of the events before.
 * Everything that was recorded is data, and a terminal obeys data: control characters come out as text. What was printed on a terminal may be
 * played on one, as far as it only draws.
 */
export class Renderer {
  readonly #texts = new Map<number, string>();
  readonly #fields = new Map<number, readonly string[]>();
  readonly #decisions = new Map<number, Of<'decision'>['decision']>();
  readonly #shown = new Map<number, Shown>();
  readonly #screens = new Map<number, ScreenText>();
  readonly #isTerminal: boolean;
  #prompt = '=> ';

  /** @param isTerminal whether what it shows goes to a terminal */
  constructor({ isTerminal }: RendererOptions = { isTerminal: false }) {
    this.#isTerminal = isTerminal;
  }

  /** @returns what the event adds to the screen, if anything */
  render(event: RecordingEvent): Frame | undefined {
    switch (event.type) {
      case 'header':
        this.#prompt = `${printable(event.target.name)}${event.target.protocol === 'ssh' ? '$' : '=>'} `;
        return { atMs: 0, text: headline(event) };
      case 'text':
        this.#texts.set(event.n, event.text);
        return undefined;
      case 'decision':
        this.#decisions.set(event.n, event.decision);
        return undefined;
      case 'fields':
        this.#fields.set(event.n, event.names);
        return undefined;
      case 'facts':
      case 'around':
        return undefined; // what policy went by: nobody saw it
      case 'command':
        return this.#command(event);
      case 'columns':
        this.#of(event.command).columns = this.#fields.get(event.fields) ?? [];
        return undefined;
      case 'rows':
        this.#of(event.command).rows.push(...event.rows);
        return undefined;
      case 'screen':
        return this.#screen(event);
      case 'bytes':
        return { atMs: event.t, text: this.#screens.get(event.command)?.safe(printedBytes(event)) ?? printed(event) };
      case 'input':
        return { atMs: event.t, text: `-- ${event.bytes} bytes on standard input\n` };
      case 'content':
        return { atMs: event.t, text: movedText(event) };
      case 'omitted':
        if (event.rows === 0)
          return { atMs: event.t, text: `-- ${event.bytes} more bytes were printed and not kept\n` };
        this.#of(event.command).omitted += event.rows;
        return undefined;
      case 'message':
        return this.#message(event);
      case 'hold':
        return { atMs: event.t, text: holdText(event) };
      case 'end':
        return this.#end(event);
      case 'close':
        return { atMs: event.t, text: `\n-- session ended: ${printable(event.reason)}\n` };
      default:
        return event satisfies never;
    }
  }

  #command(event: Of<'command'>): Frame {
    const text = typeof event.text === 'string' ? event.text : (this.#texts.get(event.text) ?? '');
    const decision = this.#decisions.get(event.decision);
    const params = event.params?.map(
      (value, at) => `$${at + 1} = ${value === null ? 'NULL' : `'${printable(value)}'`}`,
    );
    let shown = `\n${this.#prompt}${printable(text)
      .trimEnd()
      .replaceAll('\n', `\n${' '.repeat(this.#prompt.length)}`)}\n`;
    if (params) shown += `-- ${params.join(', ')}\n`;
    shown += `-- ${decision ? tagOf(decision) : 'decision not recorded'}\n`;
    if (decision?.effect === 'deny') shown += denialText(decision);
    this.#shown.set(event.command, { columns: [], rows: [], omitted: 0 });
    return { atMs: event.t, text: shown };
  }

  #screen({ t, command, cols, rows }: Of<'screen'>): Frame | undefined {
    if (!this.#isTerminal || this.#screens.has(command)) return undefined;
    this.#screens.set(command, new ScreenText());
    return { atMs: t, text: `-- a terminal of ${cols} columns and ${rows} rows\n` };
  }

  #message(event: Of<'message'>): Frame {
    const lines = [
      `${event.severity.toUpperCase()}:  ${printable(event.text)}${event.code ? ` (${printable(event.code)})` : ''}`,
    ];
    if (event.detail !== undefined) lines.push(`DETAIL:  ${printable(event.detail)}`);
    if (event.hint !== undefined) lines.push(`HINT:  ${printable(event.hint)}`);
    return { atMs: event.t, text: `${lines.join('\n')}\n` };
  }

  #end(event: Of<'end'>): Frame {
    const { columns, rows, omitted } = this.#of(event.command);
    this.#shown.delete(event.command);
    let text = this.#screens.delete(event.command) ? `${screenEnd}\n` : '';
    if (columns.length > 0 || rows.length > 0) {
      text += table(columns, rows);
      if (omitted > 0) text += `-- ${omitted} more ${omitted === 1 ? 'row was' : 'rows were'} returned and not kept\n`;
      text += `(${event.rows} ${event.rows === 1 ? 'row' : 'rows'})\n`;
    }
    for (const [label, count] of Object.entries(event.hidden ?? {}))
      text += `-- ${count} hidden by ${printable(label)}\n`;
    if (!event.ok) text += `ERROR:  ${printable(event.text ?? '')} (${printable(event.code ?? '')})\n`;
    else if (columns.length === 0 && event.tag) text += `${printable(event.tag)}\n`;
    return { atMs: event.t, text };
  }

  /** A recording that begins in the middle, or is damaged there, still shows what it can. */
  #of(command: number): Shown {
    const known = this.#shown.get(command);
    if (known) return known;
    const fresh: Shown = { columns: [], rows: [], omitted: 0 };
    this.#shown.set(command, fresh);
    return fresh;
  }
}

/**
 * Control characters as text, so that what a database returned cannot move the cursor, rename the window or type into the shell.
 * Line feeds and tabs stay. Invisible marks go the same way: some turn the direction of writing and make text look like other text.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (mark) => {
    if (mark === '\n' || mark === '\t') return mark;
    const code = mark.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Columns as psql aligns them: names centred, numbers to the right, NULL empty. */
function table(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const names = columns.map((name) => cellText(name));
  const cells = rows.map((row) => row.map((value) => cellText(value ?? '')));
  const count = Math.max(names.length, ...cells.map((row) => row.length));
  const at = Array.from({ length: count }, (_, column) => column);
  const widths = at.map((column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), names[column]?.length ?? 0),
  );
  const numeric = at.map(
    (column) => cells.length > 0 && rows.every((row) => /^-?\d+(\.\d+)?$/.test(row[column] ?? '0')),
  );
  const line = (parts: readonly string[]) => ` ${parts.join(' | ')}`.trimEnd();
  const head = line(at.map((column) => centre(names[column] ?? '', widths[column] ?? 0)));
  const rule = at.map((column) => '-'.repeat((widths[column] ?? 0) + 2)).join('+');
  const body = cells.map((row) =>
    line(
      at.map((column) => {
        const text = row[column] ?? '';
        const width = widths[column] ?? 0;
        return numeric[column] ? text.padStart(width) : text.padEnd(width);
      }),
    ),
  );
  return `${[head, rule, ...body].join('\n')}\n`;
}

/** What a program printed. A terminal's line ends are lines; what else it does with the cursor is shown as text. */
function printed(event: Of<'bytes'>): string {
  const said = event.text ?? printedBytes(event).toString('latin1');
  return printable(said.replaceAll('\r\n', '\n'));
}

/** One line for each cell, or the table would come apart. */
function cellText(value: string): string {
  return printable(value).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function centre(text: string, width: number): string {
  return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
}

function headline({ session, principal, target, client, started_at }: Of<'header'>): string {
  const who = [principal.id, ...principal.acts_for.map((id) => `for ${id}`)].join(' ');
  const from = client.application === '' ? client.ip : `${client.application} at ${client.ip}`;
  return `-- ${printable(`session ${session}: ${who} (${principal.kind}) on ${target.name} with ${from}, ${started_at}`)}\n`;
}

function tagOf({ effect, findings }: Of<'decision'>['decision']): string {
  // One rule can match once for each column: here its name is enough, and the recording has every finding.
  return [effect, ...new Set(findings.map((finding) => `[${printable(finding.id)}]`))].join(' ');
}

function denialText({ findings }: Of<'decision'>['decision']): string {
  const denials = findings.filter((finding) => finding.kind === 'deny');
  const why =
    [...new Set(denials.map((finding) => `${finding.msg} [${finding.id}]`))].join('; ') || 'no rule allows it';
  const hints = new Set(denials.flatMap(({ hint }) => (hint === undefined ? [] : [`HINT:  ${printable(hint)}\n`])));
  return `ERROR:  denied by policy: ${printable(why)}\n${[...hints].join('')}`;
}

function movedText({ direction, offset, bytes, sha256, scattered }: Of<'content'>): string {
  const where = scattered ? 'here and there' : `from byte ${offset} on`;
  const how = direction === 'in' ? 'written' : 'read';
  return `-- ${bytes} bytes ${how}, ${where}, SHA-256 ${printable(sha256)}\n`;
}

function holdText({ hold, resolution, by }: Of<'hold'>): string {
  if (resolution === undefined) return `-- held, waiting for approval ${printable(hold)}\n`;
  const who = by && by.length > 0 ? ` by ${by.join(', ')}` : '';
  return `-- hold ${printable(`${hold}: ${resolution}${who}`)}\n`;
}
