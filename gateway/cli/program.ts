import { Command } from 'commander';
import { version } from '../composition/version.ts';
import { addApprovals } from './approvals.ts';
import { addAudit } from './audit.ts';
import { addConfig } from './config.ts';
import { addCredentials } from './credentials.ts';
import { foldHelp } from './help-width.ts';
import { addInit } from './init/command.ts';
import { addLabels } from './labels.ts';
import { addLogin } from './login.ts';
import { addMask } from './mask.ts';
import { addPolicy } from './policy.ts';
import { addServe } from './serve.ts';
import { addSessions } from './sessions.ts';
import { addSsh } from './ssh.ts';
import { addTarget } from './target.ts';

const exits = `
Exit codes:
  0  done
  1  refused, not found, or a check failed
  2  the command line or the configuration is wrong
  3  nobody answered
  4  no token, or one that was not accepted
`;

/** As commander itself measures it. */
const helpWidth = (): number => (process.stdout.isTTY ? process.stdout.columns : 80);

/** The commands, in the order in which somebody meets them. Each file adds its own and loads what it needs when it runs. */
export function makeProgram(): Command {
  const program = new Command('sallyport')
    .description(
      'A layer-7 access gateway: every command parsed, judged by policy, masked, held or denied, and recorded.',
    )
    .version(version())
    .configureOutput({ writeOut: (text) => void process.stdout.write(foldHelp(text, helpWidth())) })
    .showHelpAfterError('Run it with --help for what is allowed.')
    .addHelpText('after', exits)
    .exitOverride();
  addInit(program);
  addServe(program);
  addConfig(program);
  addLogin(program);
  addSsh(program);
  addApprovals(program);
  addSessions(program);
  addAudit(program);
  addPolicy(program);
  addLabels(program);
  addMask(program);
  addTarget(program);
  addCredentials(program);
  return program;
}
