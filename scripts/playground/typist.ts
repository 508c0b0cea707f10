import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type Ran, runChild } from './client.ts';

/** Until the last line is through: a loaded machine takes seconds to log in, and nothing here waits for ever. */
const sessionTimeoutMs = 60_000;

/** What is typed into a shell: greetings and prompts differ from host to host, so its first line starts a shell with a prompt that we know. */
export interface Typed {
  readonly prompt: string;
  /** Typed once the shell has shown anything. */
  readonly first: string;
  /** Each is typed once the prompt stands at the beginning of a line. */
  readonly lines: readonly string[];
}

/**
 * Types into a terminal as a person does, who waits for the prompt.
 * @returns what the terminal showed, as plain lines; where it took too long or ended early, with the line that was not typed, and a code that is not 0
 */
export async function typeInto(
  program: string,
  args: readonly string[],
  { prompt, first, lines }: Typed,
): Promise<Omit<Ran, 'shown'>> {
  const keys = new PassThrough();
  const untyped = [first, ...lines];
  let heard = '';
  const onOutput = (text: string): void => {
    heard += text;
    const line = untyped[0];
    if (line === undefined || !(line === first || endsWithPrompt(plain(heard), prompt))) return;
    untyped.shift();
    heard = '';
    keys.write(`${line}\n`);
  };
  // A dumb terminal: no colours, and no line that is drawn again.
  const ran = await runChild(program, args, { TERM: 'dumb' }, onOutput, { keys, timeoutMs: sessionTimeoutMs });
  const output = plain(ran.output);
  if (untyped[0] === undefined) return { ...ran, output };
  const why = `(over within ${String(sessionTimeoutMs / 1_000)} s, and nothing to type this at: ${untyped[0]})`;
  return { output: `${output}\n${why}\n`, exitCode: ran.exitCode === 0 ? 1 : ran.exitCode };
}

/** The echo of the line that sets the prompt has it, too; but not at the beginning of a line, with nothing behind it. */
function endsWithPrompt(shown: string, prompt: string): boolean {
  return shown === prompt || shown.endsWith(`\n${prompt}`);
}

function plain(shown: string): string {
  return stripVTControlCharacters(shown).replaceAll(/\r+\n?/g, '\n');
}
