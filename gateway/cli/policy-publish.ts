import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readBundleAddress } from '../config/bundle-address.ts';
import { isLoopback } from '../config/fields.ts';
import { SallyportError } from '../contract/errors.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson } from './output.ts';

const examples = `
The password is in --password-file, or in SALLYPORT_REGISTRY_PASSWORD. Without --username the registry is asked anonymously.

Examples:
  sallyport policy push bundle.tar.gz oci://ghcr.io/acme/policy:main --username ci --password-file token
  sallyport policy push bundle.tar.gz oci://localhost:5000/policy:main --plain-http
`;

/** Long enough for a slow line, short enough for a pipeline to notice. */
const pushMs = 120_000;

export function addPolicyPush(policy: Command): void {
  policy
    .command('push <bundle> <reference>')
    .description('publish a bundle in an OCI registry, in the layout that OPA pulls')
    .option('--username <name>', 'login of the registry')
    .option('--password-file <file>', 'its password or access token')
    .option('--ca <file>', 'PEM authority of the registry’s certificate')
    .option('--plain-http', 'HTTP in place of HTTPS, for a registry on this machine')
    .option('--json', 'what was pushed, as JSON')
    .addHelpText('after', examples)
    .action(push);
}

interface PushFlags {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly plainHttp?: true;
  readonly json?: true;
}

async function push(file: string, reference: string, flags: PushFlags): Promise<void> {
  const read = readBundleAddress(reference);
  if (!read.ok) throw new CliError(exitCodes.usage, `${read.why}, got ${reference}`);
  const { address } = read;
  if (address.kind !== 'oci') {
    throw new CliError(exitCodes.usage, `${reference} is no oci:// address`, 'others are put there by their own tools');
  }
  const host = address.host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (flags.plainHttp && !isLoopback(host)) {
    throw new CliError(exitCodes.usage, `--plain-http is for this machine only, and ${address.host} is not`);
  }
  const login = await loginOf(flags);
  const { pushBundle } = await import('../policy/registry/push.ts');
  const pushed = await pushBundle(
    await contentOf(file),
    {
      reference: address,
      plainHttp: flags.plainHttp === true,
      ...(flags.ca !== undefined && { ca: (await contentOf(flags.ca)).toString('utf8') }),
      ...(login && { login: () => Promise.resolve(login) }),
    },
    AbortSignal.timeout(pushMs),
  ).catch((error: unknown) => {
    if (error instanceof SallyportError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.unreachable, `${reference}: ${why}`);
  });
  const pinned = `oci://${address.host}/${address.repository}@${pushed.digest}`;
  if (flags.json) return printJson({ ...pushed, reference, pinned });
  print(`${reference}: revision ${pushed.revision}\n${pinned}`);
}

async function loginOf({ username, passwordFile }: PushFlags) {
  if (username === undefined) {
    if (passwordFile === undefined) return undefined;
    throw new CliError(exitCodes.usage, '--password-file needs --username');
  }
  const password =
    passwordFile === undefined
      ? process.env['SALLYPORT_REGISTRY_PASSWORD']
      : (await contentOf(passwordFile)).toString('utf8').replace(/\r?\n$/, '');
  if (password) return { username, password };
  throw new CliError(
    exitCodes.usage,
    `no password for ${username}`,
    'set --password-file or SALLYPORT_REGISTRY_PASSWORD',
  );
}

function contentOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new CliError(exitCodes.usage, `cannot read ${file}`, error instanceof Error ? error.message : undefined);
  });
}
