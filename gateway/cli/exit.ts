/** What a script can tell from `$?`. Printed by `sallyport --help`. */
export const exitCodes = {
  ok: 0,
  /** Asked and answered no: refused, not found, a check that failed. */
  refused: 1,
  /** The command line or the configuration is wrong: nothing was asked. */
  usage: 2,
  /** Nobody answered: gateway, issuer or database. */
  unreachable: 3,
  /** No token, or one that is not accepted: log in and try again. */
  login: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with a sentence for whoever typed it. Not a bug: no stack is shown. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
