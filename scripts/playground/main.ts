import { resolve } from 'node:path';
import { Command } from 'commander';
import { sqlClient, tokenOf } from './client.ts';
import { sshClient } from './ssh-client.ts';
import { principals } from './principals.ts';
import { runTour } from './tour.ts';
import { startWorld, type World } from './world.ts';

/** `./scripts/demo`: starts everything, says what to try, and stays until Ctrl-C. */
const flags = new Command('demo')
  .description('A PostgreSQL with made-up customers, an SSH host, an identity provider and the gateway, ready to try.')
  .option('--tour', 'do what the demo suggests, show it, and exit 0 only if all came out as it should')
  .option('--json', 'once ready, one line of JSON for scripts: addresses, CA file, targets, principals with tokens')
  .addHelpText(
    'after',
    '\nExamples:\n  ./scripts/demo\n  ./scripts/demo --tour\n  ./scripts/demo --json | head -n 1 | jq .postgres\n',
  )
  .parse()
  .opts<{ readonly tour?: true; readonly json?: true }>();

let stopping = false;
const stopped = stopSignal().then(() => void (stopping = true));
process.stderr.write('Sallyport demo\n');
try {
  await using world = await startWorld(flags.tour ? 'tour' : 'demo');
  if (flags.tour) process.exitCode = Math.min(await runTour(world), 1);
  else {
    if (flags.json) process.stdout.write(`${JSON.stringify(describe(world))}\n`);
    else process.stdout.write(suggestions(world));
    await stopped;
    process.stderr.write(`\nstopping; its files stay in ${world.dir} until the next start\n`);
  }
} catch (error) {
  // Ctrl-C reaches what we started, too: that it ended is then no news.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(stopping ? '\nstopped\n' : `\ndemo: ${message}\n`);
  process.exitCode = 1;
}

function describe(world: World): object {
  return {
    postgres: world.postgres,
    ssh: 'port' in world.ssh ? { host: '127.0.0.1', port: world.ssh.port } : null,
    admin: { url: world.admin },
    ca_file: resolve(world.caFile),
    config_file: resolve(world.configFile),
    issuer: {
      url: world.idp.issuer,
      audience: world.idp.audience,
      client_id: world.idp.clientId,
      scope: world.idp.scope,
    },
    targets: [
      { name: 'crm', protocol: 'postgres', database: 'crm', roles: ['app', 'owner'] },
      ...('port' in world.ssh ? [{ name: 'web1', protocol: 'ssh' }] : []),
    ],
    principals: principals.map((p) => ({
      ...p,
      token: tokenOf(world, p.name).token,
      token_file: resolve(tokenOf(world, p.name).file),
    })),
  };
}

function suggestions(world: World): string {
  const client = sqlClient(world);
  const as = (name: string): string => `SALLYPORT_TOKEN=$(cat ${tokenOf(world, name).file})`;
  const gateway = `export SALLYPORT_GATEWAY=${world.admin}`;
  const tries: readonly (readonly [string, string])[] = [
    ['Allowed', client.show('ana', ['select id, name, city from customers limit 5'])],
    ['Masked', client.show('ana', ['select name, email, ssn, card_number from customers limit 5'])],
    ['Denied', client.show('ops-agent', ['delete from customers'])],
    [
      'Held, until somebody approves it',
      client.show('ops-agent', ["update orders set status = 'refunded' where id = 42"]),
    ],
    ...sshSuggestions(world),
    [
      'Approve what is held, in another terminal (on web1 olga approves)',
      `${gateway}\n    ${as('ben')} ./scripts/sallyport approvals list\n    ${as('ben')} ./scripts/sallyport approvals approve ID`,
    ],
    [
      'Replay a session',
      `${as('otto')} ./scripts/sallyport sessions list\n    ${as('otto')} ./scripts/sallyport sessions replay ID`,
    ],
    ['Verify the log', `./scripts/sallyport audit verify --config ${world.configFile}`],
    [
      'Log in as a person, in a browser',
      `./scripts/sallyport login --issuer ${world.idp.issuer} --client-id ${world.idp.clientId} --scope "${world.idp.scope}"`,
    ],
  ];
  const who = principals
    .map((p) => `  ${p.name.padEnd(14)} ${p.kind.padEnd(6)} ${p.groups.join(', ') || '(in no group)'}`)
    .join('\n');
  const text = tries.map(([title, command]) => `${title}\n    ${command}\n`).join('\n');
  return `\nReady. Copy and paste:\n\n${text}\nWho is here (their tokens are in ${world.dir}/tokens, good for 12 hours)\n${who}\n\nCtrl-C stops everything.\n`;
}

function sshSuggestions(world: World): readonly (readonly [string, string])[] {
  if (!('port' in world.ssh)) return [['On an SSH host', `# left out: ${world.ssh.missing}`]];
  const agent = sshClient(world, world.ssh.port, 'ops-agent');
  return [
    [
      'An SSH host: first a key, good for as long as the token',
      [`export SALLYPORT_GATEWAY=${world.admin}`, ...agent.preparation].join('\n    '),
    ],
    ['Allowed there', agent.show('ls /etc | wc -l; df -h /')],
    ['Denied there', agent.show(`$(echo rm) -rf ${world.ssh.dir}`)],
    ['Held there', agent.show(`echo green > ${world.ssh.dir}/release`)],
  ];
}

/** Ctrl-C, SIGTERM, or the end of whoever reads us. A second one ends at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
