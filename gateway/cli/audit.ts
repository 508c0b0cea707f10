import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { AuditQuery } from '../api/client.ts';
import type { AuditEntryView } from '../api/views.ts';
import type { Verification } from '../audit/verify.ts';
import { auditEffects, auditTypes } from '../contract/event.ts';
import { configOrExit, defaultConfig } from './config.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say, table, terminalWidth } from './output.ts';
import { parseCount, parseTime } from './times.ts';

interface VerifyFlags {
  readonly config: string;
  readonly dir?: string;
  readonly key?: string;
  readonly previous?: string;
  readonly json?: true;
}
interface QueryFlags extends ConnectionOptions, Omit<AuditQuery, 'order'> {
  readonly oldest?: true;
}

const verifyExamples = `
It reads the files alone and asks no gateway. The key is the log's public key, as "sallyport init" wrote it: origin+hash+base64.
Keep it, and the checkpoints of last time, where the gateway's host cannot change them.

Examples:
  sallyport audit verify
  sallyport audit verify --dir /mnt/copy/audit --key audit.pub --previous checkpoint-of-october
`;
const queryExamples = `${connectionHelp}
Examples:
  sallyport audit query --since 1h --effect deny
  sallyport audit query --identity ops-agent --action delete --json
`;

export function addAudit(program: Command): void {
  const audit = program.command('audit').description('the audit log');
  audit
    .command('verify')
    .description('check that no entry was changed, taken out or put in')
    .option('-c, --config <file>', 'configuration file that names the log', defaultConfig)
    .option('--dir <dir>', 'the log’s directory, instead of the one in the configuration')
    .option('--key <file>', 'the log’s public key')
    .option('--previous <file>', 'an older checkpoint, which the log has to continue')
    .option('--json', 'the result as JSON')
    .addHelpText('after', verifyExamples)
    .action(verify);
  withConnection(audit.command('query').description('find entries'))
    .option('--since <time>', 'at or after: 15m, 2h, 7d ago, or a date', parseTime)
    .option('--until <time>', 'before', parseTime)
    .option('--identity <id>', 'principal')
    .option('--action <action>', 'what was asked, as the column ACTION has it')
    .addOption(new Option('--effect <effect>', 'how it ended').choices(auditEffects))
    .addOption(new Option('--type <type>', 'kind of entry').choices(auditTypes))
    .option('--target <name>', 'target')
    .option('--session <id>', 'session')
    .option('--request <id>', 'request')
    .option('--limit <n>', 'at most so many', parseCount(1_000), 50)
    .option('--oldest', 'oldest first')
    .addHelpText('after', queryExamples)
    .action(query);
}

async function verify(flags: VerifyFlags): Promise<void> {
  const { verifyLog } = await import('../audit/verify.ts');
  const { dir, key } = await logOf(flags);
  const previous = flags.previous === undefined ? undefined : await readFile(flags.previous, 'utf8');
  const result = await verifyLog(dir, key, {
    ...(previous !== undefined && { previous }),
    onProgress: progress(flags),
  });
  if (flags.json) printJson(result);
  else print(describe(result));
  if (!result.ok) throw new CliError(exitCodes.refused, 'the log does not verify');
}

/** From the flags; what they leave open comes from the configuration. */
async function logOf(flags: VerifyFlags): Promise<{ readonly dir: string; readonly key: string }> {
  if (flags.dir !== undefined && flags.key !== undefined) {
    return { dir: flags.dir, key: await readFile(flags.key, 'utf8') };
  }
  const { audit } = await configOrExit(flags.config);
  const dir = flags.dir ?? audit.dir;
  if (flags.key !== undefined) return { dir, key: await readFile(flags.key, 'utf8') };
  const [{ createPrivateKey }, { noteSigner }] = await Promise.all([import('node:crypto'), import('../audit/note.ts')]);
  const pem = 'file' in audit.key ? await readFile(audit.key.file, 'utf8') : (process.env[audit.key.env] ?? '');
  return { dir, key: noteSigner(audit.origin, createPrivateKey(pem)).verifierKey };
}

function progress(flags: VerifyFlags): (entries: number, size: number) => void {
  let shown = 0;
  return (entries, size) => {
    if (flags.json || entries - shown < 100_000) return;
    shown = entries;
    say(`${entries.toLocaleString('en')} of ${size.toLocaleString('en')} entries`);
  };
}

function describe(result: Verification): string {
  const { ok, origin, size, root, tail, problems } = result;
  const lines = [
    `${ok ? 'verified' : 'NOT VERIFIED'}: ${origin}, ${size.toLocaleString('en')} entries, root ${root}`,
    ...(tail.entries > 0
      ? [`${String(tail.entries)} more ${tail.entries === 1 ? 'is' : 'are'} written and not under a checkpoint yet`]
      : []),
    ...problems.map((p) => `${p.file}: ${p.what}`),
  ];
  return lines.join('\n');
}

async function query(flags: QueryFlags): Promise<void> {
  const { gateway: _gateway, ca: _ca, json, oldest, ...filter } = flags;
  const api = await connect(flags);
  const entries = valueOf(await api.audit.query({ ...filter, order: oldest ? 'asc' : 'desc' }));
  if (json) return printJson(entries);
  if (entries.length === 0) return say('nothing in the log is like that');
  print(entryTable(entries));
}

/** Exported for its test. A statement can break a rule once for each column: people read its id once, and the JSON has what the log has. */
export function entryTable(entries: readonly AuditEntryView[]): string {
  const rows = entries.map((e) => [
    e.time,
    e.type,
    e.identity,
    e.target,
    e.action,
    e.effect,
    [...new Set(e.findings)].join(' '),
    e.command.slice(0, 60),
  ]);
  return table(
    ['time', 'type', 'identity', 'target', 'action', 'effect', 'findings', 'command'],
    rows,
    terminalWidth(),
  );
}
