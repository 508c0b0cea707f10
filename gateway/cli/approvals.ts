import { InvalidArgumentError, type Command } from 'commander';
import type { HoldView } from '../api/views.ts';
import { endOfHold } from '../contract/hold.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { CliError, exitCodes } from './exit.ts';
import { exactly, print, printable, printJson, table, terminalWidth } from './output.ts';

interface ListOptions extends ConnectionOptions {
  readonly all?: true;
}
interface DecideOptions extends ConnectionOptions {
  readonly reason?: string;
  readonly digest?: string;
}

const examples = `${connectionHelp}
Examples:
  sallyport approvals list
  sallyport approvals show 01JD8C3V7Y8W2QK5ZT4M9RXB6N
  sallyport approvals approve 01JD8C3V7Y8W2QK5ZT4M9RXB6N --reason "ticket 4711"
  sallyport approvals deny 01JD8C3V7Y8W2QK5ZT4M9RXB6N --reason "not on a Friday"
`;

export function addApprovals(program: Command): void {
  const approvals = program.command('approvals').description('held commands').addHelpText('after', examples);
  const common = (command: Command): Command => withConnection(command).addHelpText('after', examples);
  common(approvals.command('list').description('what waits, newest first'))
    .option('--all', 'also what is over, and who decided it')
    .action(list);
  common(approvals.command('show').description('one hold, with everything that is approved'))
    .argument('<id>', 'hold', ulid)
    .action(show);
  common(approvals.command('approve').description('let it run. Nobody approves their own'))
    .argument('<id>', 'hold', ulid)
    .option('--reason <text>', 'goes into the log')
    .option('--digest <hex>', 'approve only what has this digest, as "show" gave it')
    .action(approve);
  common(approvals.command('deny').description('refuse it; whoever waits is told the reason'))
    .argument('<id>', 'hold', ulid)
    .option('--reason <text>', 'goes to the client and into the log')
    .action(deny);
}

/** Ids go into paths: anything but a ULID is a mistake. */
export function ulid(text: string): string {
  const upper = text.toUpperCase();
  if (/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(upper)) return upper;
  throw new InvalidArgumentError('expected a ULID: 26 digits and letters');
}

async function list(options: ListOptions): Promise<void> {
  const api = await connect(options);
  const holds = valueOf(await api.approvals.list(options.all ? {} : { status: 'open' }));
  if (options.json) return printJson(holds);
  const rows = holds.map((h) => [
    h.id,
    h.status === 'open' && h.quorum > 1 ? `open (${String(h.approvals.length)} of ${String(h.quorum)})` : h.status,
    ...(options.all ? [(h.status === 'open' ? h.approvals.map(({ by }) => by) : h.resolved_by).join(', ')] : []),
    h.requester.id,
    h.target,
    h.expires_at,
    h.texts.join('; ').slice(0, 60),
  ]);
  const columns = ['id', 'status', ...(options.all ? ['by'] : []), 'requester', 'target', 'expires', 'command'];
  print(table(columns, rows, terminalWidth()));
}

async function show(id: string, options: ConnectionOptions): Promise<void> {
  const hold = valueOf(await (await connect(options)).approvals.show(id));
  if (options.json) return printJson(hold);
  print(describeHold(hold));
}

async function approve(id: string, options: DecideOptions): Promise<void> {
  const api = await connect(options);
  // The digest is of what was looked at. Without one given, look now, and say what is approved.
  const hold = valueOf(await api.approvals.show(id));
  if (options.digest !== undefined && options.digest !== hold.digest) {
    throw new CliError(exitCodes.refused, `the hold's digest is ${hold.digest}, not the one given`);
  }
  const decided = valueOf(await api.approvals.approve(id, hold.digest, options.reason ?? ''));
  if (options.json) return printJson(decided);
  print(describeHold(hold));
  const votes = `${String(decided.approvals)} of ${String(decided.quorum)}`;
  print(decided.status === 'approved' ? `approved (${votes})` : `counted: ${votes}; status ${decided.status}`);
}

async function deny(id: string, options: DecideOptions): Promise<void> {
  const decided = valueOf(await (await connect(options)).approvals.deny(id, options.reason ?? ''));
  if (options.json) return printJson(decided);
  print(`${id}: ${decided.status}`);
}

/** Everything that an approver answers for. */
function describeHold(hold: HoldView): string {
  const behalf = hold.requester.acts_for.length > 0 ? `, for ${hold.requester.acts_for.join(', ')}` : '';
  const lines: readonly (readonly [string, string])[] = [
    ['hold', `${hold.id} (${hold.status})`],
    ['requester', `${hold.requester.id} (${hold.requester.kind}${behalf})`],
    ['target', hold.target],
  ];
  const more: readonly (readonly [string, string])[] = [
    ...hold.messages.map((message, i) => [i === 0 ? 'why' : '', message] as const),
    ['approvers', `${String(hold.quorum)} of ${hold.groups.join(', ')}`],
    ['expires', hold.expires_at],
    ['digest', hold.digest],
    ...hold.approvals.map(
      (a) => ['approved by', `${a.by} at ${a.at}${a.reason === '' ? '' : `: ${a.reason}`}`] as const,
    ),
    ...(hold.status === 'open' || hold.resolved_at === null
      ? []
      : [
          [
            'ended',
            endOfHold({ status: hold.status, at: hold.resolved_at, by: hold.resolved_by, reason: hold.reason }),
          ] as const,
        ]),
  ];
  const shown = (all: typeof lines) => all.map(([name, value]) => `${name.padEnd(11)} ${printable(value)}`);
  const texts = hold.texts.map(
    (text, i) => `${(i === 0 ? 'command' : '').padEnd(11)} ${exactly(text, ' '.repeat(12))}`,
  );
  return [...shown(lines), ...texts, ...shown(more)].join('\n');
}
