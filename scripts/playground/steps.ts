import type { Ran } from './client.ts';

/** What a step's output must and must not have in it. */
interface Expectation {
  readonly has?: readonly (string | RegExp)[];
  readonly lacks?: readonly string[];
  readonly exitCode?: number;
}

/** Prints the steps and counts those that came out wrong. */
export class Tour {
  #step = 0;
  #wrong = 0;

  title(text: string): void {
    this.#step += 1;
    process.stdout.write(`\n${bold(`${String(this.#step)}. ${text}`)}\n`);
  }

  note(text: string): void {
    process.stdout.write(`\n  ${text}\n`);
  }

  command(shown: string, output: string): void {
    const said = output.trimEnd();
    process.stdout.write(`\n  $ ${shown}\n${said === '' ? '' : `${said.replace(/^/gm, '  ')}\n`}`);
  }

  show(ran: Ran, expected: Expectation): void {
    this.command(ran.shown, ran.output);
    const missing = (expected.has ?? []).filter(
      (h) => !(typeof h === 'string' ? ran.output.includes(h) : h.test(ran.output)),
    );
    const leaked = (expected.lacks ?? []).filter((text) => ran.output.includes(text));
    const exit = expected.exitCode === undefined || expected.exitCode === ran.exitCode;
    if (missing.length + leaked.length === 0 && exit) return;
    this.#wrong += 1;
    for (const text of missing) process.stdout.write(`  ✗ expected: ${String(text)}\n`);
    if (leaked.length > 0) process.stdout.write(`  ✗ ${String(leaked.length)} values came out unmasked\n`);
    if (!exit)
      process.stdout.write(`  ✗ expected exit code ${String(expected.exitCode)}, got ${String(ran.exitCode)}\n`);
  }

  end(): number {
    const said =
      this.#wrong === 0
        ? 'Everything came out as it should.'
        : `${String(this.#wrong)} came out otherwise than it should.`;
    process.stdout.write(`\n${bold(said)}\n`);
    return this.#wrong;
  }
}

function bold(text: string): string {
  return process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text;
}
