import type { Command } from 'commander';
import type { PolicyStatusView } from '../api/policy-view.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { print, printable, printJson, table } from './output.ts';

const examples = `${connectionHelp}
Examples:
  sallyport policy status
  sallyport policy status --json
`;

export function addPolicyStatus(policy: Command): void {
  withConnection(
    policy
      .command('status')
      .description('which policy a gateway runs, since when, and why the newest is not what runs'),
  )
    .addHelpText('after', examples)
    .action(status);
}

async function status(options: ConnectionOptions): Promise<void> {
  const found = valueOf(await (await connect(options)).policy.status());
  if (options.json) return printJson(found);
  print(described(found));
}

function described(found: PolicyStatusView): string {
  const facts: readonly (readonly [string, string])[] = [
    ['revision', found.revision],
    [
      'active',
      `since ${found.activated_at}${found.origin === 'source' ? '' : ', from the last good one kept on disk'}`,
    ],
    ['expires', `${found.expires_at}${found.expired ? ': expired, everything is denied' : ''}`],
    ['checked', found.checked_at ?? 'no answer from a source since the start'],
    ['refused', found.refused ? `${found.refused.reason} [${found.refused.code}] at ${found.refused.at}` : 'nothing'],
  ];
  const rows = found.bundles.map((bundle) => [
    bundle.name,
    bundle.revision,
    String(bundle.sequence),
    bundle.key,
    bundle.expires_at,
    bundle.source,
  ]);
  return [
    ...facts.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}`),
    '',
    table(['bundle', 'revision', 'sequence', 'signed by', 'expires', 'source'], rows),
  ].join('\n');
}
