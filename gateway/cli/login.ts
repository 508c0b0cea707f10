import type { Command } from 'commander';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say } from './output.ts';
import { currentToken, loginOptions, recall, remember, type LoginSettings } from './token.ts';

interface LoginFlags {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
  readonly resource?: string;
  readonly json?: true;
}

const examples = `
Examples:
  sallyport login --issuer https://login.example.com --client-id sallyport
  PGPASSWORD=$(sallyport token) psql "host=gateway port=6432 dbname=crm user=app sslmode=verify-full sslrootcert=ca.pem"
`;

export function addLogin(program: Command): void {
  program
    .command('login')
    .description('log in at the issuer, in any browser, and keep the token')
    .option('--issuer <url>', 'OpenID Connect issuer; that of the last login unless given')
    .option('--client-id <id>', 'public client at the issuer')
    .option('--scope <scopes>', 'what is asked for')
    .option('--resource <uri>', 'resource indicator (RFC 8707), where the issuer chooses the audience by it')
    .option('--json', 'when the token ends, as JSON')
    .addHelpText('after', examples)
    .action(logIn);
  program
    .command('token')
    .description('print the token, renewed when it is near its end: the password for PostgreSQL clients')
    .option('--json', 'the token as JSON')
    .addHelpText('after', examples)
    .action(token);
  program.command('logout').description('forget the token. The issuer is not told').action(logOut);
}

async function logIn(flags: LoginFlags): Promise<void> {
  const settings = settingsFrom(flags, await recall());
  const { login } = await import('../identity/login.ts');
  const options = await loginOptions(settings);
  const result = await login(
    options,
    (prompt) => {
      say(`Open ${prompt.urlWithCode}\nand check that it shows the code ${prompt.code}`);
    },
    interrupted(),
  );
  if (!result.ok) throw new CliError(exitCodes.refused, result.message);
  await remember(settings);
  const until = new Date(result.expiresAtMs).toISOString();
  if (flags.json) printJson({ issuer: settings.issuer, expires_at: until });
  else say(`Logged in. The token is good until ${until}`);
}

function settingsFrom(flags: LoginFlags, last: LoginSettings | undefined): LoginSettings {
  const issuer = flags.issuer ?? last?.issuer;
  // What was remembered belongs to its issuer.
  const same = last?.issuer === issuer ? last : undefined;
  const clientId = flags.clientId ?? same?.clientId;
  if (issuer === undefined || clientId === undefined) {
    throw new CliError(exitCodes.usage, 'the first login needs --issuer URL and --client-id ID');
  }
  const scope = flags.scope ?? same?.scope ?? 'openid offline_access';
  return { issuer, clientId, scope, resource: flags.resource ?? same?.resource };
}

async function token(flags: { readonly json?: true }): Promise<void> {
  const value = await currentToken();
  if (flags.json) printJson({ token: value });
  else print(value);
}

async function logOut(): Promise<void> {
  const last = await recall();
  if (!last) return;
  const { logout } = await import('../identity/login.ts');
  await logout((await loginOptions(last)).file);
}

/** Ctrl-C ends the wait for the browser. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new CliError(exitCodes.refused, 'the login was interrupted')));
  return controller.signal;
}
