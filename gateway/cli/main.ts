import { CommanderError } from 'commander';
import { SallyportError } from '../contract/errors.ts';
import { CliError, exitCodes, type ExitCode } from './exit.ts';
import { say } from './output.ts';
import { makeProgram } from './program.ts';

// Whoever reads may have enough (`| head`). As SIGPIPE ends other programs, which Node ignores: quietly, with the code that a shell gives that.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(128 + 13);
  });

/** `sallyport`: the one command. Everything below returns or throws; only here is it decided how the process ends. */
process.exitCode = await run(process.argv);

async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    await makeProgram().parseAsync([...argv]);
    return exitCodes.ok;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // it has said why
  if (error instanceof CliError) {
    say(`sallyport: ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return error.exitCode;
  }
  if (error instanceof SallyportError) {
    say(`sallyport: ${error.message} [${error.code}]`);
    return error.code === 'config-invalid' ? exitCodes.usage : exitCodes.refused;
  }
  // A bug of ours: whoever reports it needs the stack.
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.refused;
}
