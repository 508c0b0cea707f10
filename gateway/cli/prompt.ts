import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';

/** Asks a person. Nobody is there to answer unless standard input is a terminal. */
export interface Prompt extends Disposable {
  /** An empty answer means `fallback`. */
  ask(question: string, fallback?: string): Promise<string>;
  /** Without an echo. */
  askSecret(question: string): Promise<string>;
}

export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Questions go to standard error: standard output is for results. */
export function openPrompt(): Prompt {
  let hidden = false;
  const echo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (hidden) done();
      else process.stderr.write(chunk, done);
    },
  });
  const lines = createInterface({ input: process.stdin, output: echo, terminal: true });
  return {
    ask: async (question, fallback) => {
      const shown = fallback === undefined ? `${question}: ` : `${question} [${fallback}]: `;
      const answer = (await lines.question(shown)).trim();
      return answer === '' ? (fallback ?? '') : answer;
    },
    askSecret: async (question) => {
      process.stderr.write(`${question}: `);
      hidden = true;
      try {
        return await lines.question('');
      } finally {
        hidden = false;
        process.stderr.write('\n');
      }
    },
    [Symbol.dispose]: () => lines.close(),
  };
}

/** A secret from the terminal without an echo, or all of standard input without its last line break. */
export async function readSecret(question: string): Promise<string> {
  if (!isInteractive()) return (await text(process.stdin)).replace(/\r?\n$/, '');
  using prompt = openPrompt();
  return await prompt.askSecret(question.replace(/: $/, ''));
}
