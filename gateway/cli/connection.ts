import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ApiClient, Reply } from '../api/client.ts';
import { isLoopback } from '../config/fields.ts';
import { CliError, exitCodes } from './exit.ts';
import { currentToken } from './token.ts';

/** How a command reaches the gateway's admin API. */
export interface ConnectionOptions {
  readonly gateway?: string;
  readonly ca?: string;
  readonly json?: true;
}

const defaultGateway = 'http://127.0.0.1:6480';

export const connectionHelp = `
The gateway is at --gateway, or SALLYPORT_GATEWAY, or ${defaultGateway}; its authority's PEM file is --ca or SALLYPORT_CA.
The token is SALLYPORT_TOKEN, or the one that "sallyport login" got.
`;

export function withConnection(command: Command): Command {
  return command
    .option('--gateway <url>', 'admin API of the gateway')
    .option('--ca <file>', 'PEM authority of its certificate')
    .option('--json', 'the answer as JSON');
}

/** A client that logs in as whoever runs the command. The token never goes anywhere unencrypted but to this machine. */
export async function connect(options: ConnectionOptions): Promise<ApiClient> {
  const { apiClient } = await import('../api/client.ts');
  const url = options.gateway ?? process.env['SALLYPORT_GATEWAY'] ?? defaultGateway;
  const parsed = URL.parse(url);
  if (
    parsed?.protocol !== 'https:' &&
    !(parsed?.protocol === 'http:' && isLoopback(parsed.hostname.replace(/^\[|\]$/g, '')))
  ) {
    throw new CliError(
      exitCodes.usage,
      `${url} is no https:// address`,
      'http:// is for this machine only: tokens travel here',
    );
  }
  const caFile = options.ca ?? process.env['SALLYPORT_CA'];
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8').catch(() => undefined);
  if (caFile !== undefined && ca === undefined) throw new CliError(exitCodes.usage, `${caFile} cannot be read`);
  const token = await currentToken();
  return apiClient({ url, ca, token: () => Promise.resolve(token) });
}

const unreachableHint =
  'is that the admin API of a gateway that runs? --gateway or SALLYPORT_GATEWAY says where it is, --ca or SALLYPORT_CA who vouches for it';

/** A login changes nothing while the variable is there: it comes first. */
function loginHint(): string {
  if (!process.env['SALLYPORT_TOKEN']) return 'run: sallyport login';
  return 'the token is the one in SALLYPORT_TOKEN: give another, or take the variable away and run: sallyport login';
}

/** The value of an answer, or the end of the command with what the gateway said. */
export function valueOf<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  const { code, detail, hint, status } = reply.problem;
  if (status === 0) throw new CliError(exitCodes.unreachable, detail, unreachableHint);
  if (status === 401) throw new CliError(exitCodes.login, detail, hint ?? loginHint());
  throw new CliError(exitCodes.refused, `${detail} [${code}]`, hint);
}
