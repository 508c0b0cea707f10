import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { PastBundles } from '../composition/past/bundles.ts';
import type { PastBundle } from '../policy/archive/past.ts';
import type { PastDecision } from '../composition/past/request.ts';
import type { Decision } from '../contract/decision.ts';
import { decisionBits } from '../policy/compare/compare.ts';
import type { Replay } from '../policy/replay/replay.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson } from './output.ts';
import { pastHelp, placesOf, withPast, type PastFlags, type PastPlaces } from './past.ts';

interface ReplayFlags extends PastFlags {
  readonly request?: string;
  readonly all?: true;
  readonly json?: true;
}

const examples = `${pastHelp}
Exit code 0: the same, to the bit. 1: something differs, was changed afterwards, or cannot be decided again.

Examples:
  sallyport policy replay --request 01JD8C3V7Y8W2QK5ZT4M9RXB6N
  sallyport policy replay --recordings 7d..
  sallyport policy replay --all --recordings /mnt/copy/recordings --archive /mnt/copy/bundles --key main=bundle.pub
`;

export function addPolicyReplay(policy: Command): void {
  const command = policy
    .command('replay')
    .description(
      'decide again what was decided before, from the recording or the log and the bundle of then, and compare',
    )
    .option('--request <id>', 'one decision')
    .option('--all', 'every decision of --recordings, or of all recordings');
  withPast(command).option('--json', 'the result as JSON').addHelpText('after', examples).action(replay);
}

async function replay(flags: ReplayFlags): Promise<void> {
  if (flags.request === undefined && flags.all !== true && flags.recordings === undefined) {
    throw new CliError(exitCodes.usage, 'nothing to decide again: name --request, --recordings or --all');
  }
  const places = await placesOf(flags);
  const [{ PastBundles: Bundles }, { logged }] = await Promise.all([
    import('../composition/past/bundles.ts'),
    import('../composition/past/recordings.ts'),
  ]);
  const activations = await logged(places.log, { type: 'bundle.activated' });
  using bundles = new Bundles({ ...places, activations });
  if (flags.request !== undefined && flags.all !== true) return await replayOne(flags.request, places, bundles, flags);
  const { replayMany } = await import('./policy-replay-many.ts');
  return await replayMany(places, bundles, flags);
}

async function replayOne(
  request: string,
  places: PastPlaces,
  bundles: PastBundles,
  flags: Pick<ReplayFlags, 'json'>,
): Promise<void> {
  const [{ findDecision, contradictions }, { replayJudged }] = await Promise.all([
    import('../composition/past/request.ts'),
    import('../policy/replay/replay.ts'),
  ]);
  const found = await findDecision(request, places.log, places.recordings.dir);
  if (!found.ok) throw new CliError(exitCodes.refused, found.why);
  const { past } = found;
  const { judged } = past;
  const policy = await bundles.of(judged.decision.revision, judged.atMs);
  if (!policy.ok) throw new CliError(exitCodes.refused, policy.why);
  const { digest, trust, judging } = policy.policy;
  const replayed = replayJudged(judged, judging);
  if (!replayed.ok)
    throw new CliError(exitCodes.refused, `request ${request} cannot be decided again: ${replayed.why}`);
  const result = { past, replay: replayed.replay, bundle: { digest, trust }, against: contradictions(past) };
  const wrong = wrongWith(result);
  if (flags.json) printJson(resultJson(result, wrong));
  else print(resultText(result, wrong));
  if (wrong.length > 0) throw new CliError(exitCodes.refused, `request ${request}: ${wrong.join('; ')}`);
}

interface Result {
  readonly past: PastDecision;
  readonly replay: Replay;
  readonly bundle: Pick<PastBundle, 'digest' | 'trust'>;
  /** Where log and recording contradict each other. */
  readonly against: readonly string[];
}

function wrongWith({ past, replay: { verdict, change }, against }: Result): readonly string[] {
  const wrong: string[] = [];
  if (past.recording?.vouching === 'changed') wrong.push('the recording is not the one whose digest is in the log');
  if (against.length > 0)
    wrong.push(`the log ${past.recording ? 'and the recording contradict each other' : 'contradicts itself'}`);
  if (verdict === 'differs') wrong.push('policy decides otherwise');
  if (verdict === 'masked' && change.direction !== 'same') {
    wrong.push('policy decides otherwise, which proves nothing: it reads what the recording blanks');
  }
  return wrong;
}

function resultJson(
  { past, replay: { verdict, change, blanked, unread, input, ...made }, bundle, against }: Result,
  wrong: readonly string[],
) {
  const { judged, entry, recording } = past;
  const { decision, frame, atMs, requestId } = judged;
  return {
    request: requestId,
    session: frame.id,
    at: new Date(atMs).toISOString(),
    verdict,
    wrong,
    revision: decision.revision,
    bundle,
    recording: recording ?? null,
    log: entry === undefined ? null : { effect: entry.effect, findings: entry.findings },
    contradictions: against,
    blanked,
    unread,
    change,
    recorded: { ...made.recorded, sha256: bitsOf(made.recorded) },
    computed: { ...made.computed, sha256: bitsOf(made.computed) },
    input: JSON.parse(input) as unknown,
  };
}

function resultText({ past, replay: made, bundle, against }: Result, wrong: readonly string[]): string {
  const { judged, recording } = past;
  const { decision, frame, atMs, requestId } = judged;
  const lines: (readonly [string, string])[] = [
    ['request', `${requestId}, ${new Date(atMs).toISOString()}`],
    ['command', `${frame.principal.id} on ${frame.target.name}: ${judged.text || judged.action}`],
    ['bundle', `${decision.revision}, SHA-256 ${bundle.digest}, ${trusts[bundle.trust]}`],
    recording
      ? ['recording', `${recording.path}, ${vouchings[recording.vouching]}`]
      : ['log', 'the entry has all that it was decided from'],
    ['then', outcome(made.recorded)],
    ['again', outcome(made.computed)],
    ...made.blanked.map((field) => ['blanked', `${field}: a rule reads it, and the recording blanks it`] as const),
    ...made.unread.map((field) => ['blanked', `${field}: by its manifest no rule of the bundle reads it`] as const),
    ...[...made.change.loosened, ...made.change.tightened].map((what) => ['differs', what] as const),
    ...against.map((what) => ['contradicts', what] as const),
  ];
  const verdict =
    wrong.length > 0
      ? 'NOT THE SAME'
      : made.verdict === 'same'
        ? 'the same, to the bit'
        : 'the same, as far as it can be known';
  return [verdict, ...lines.map(([name, value]) => `${name.padEnd(11)} ${printable(value)}`)].join('\n');
}

const trusts = { log: 'named by the log', signature: 'signed', both: 'signed, and named by the log' } as const;
const vouchings = {
  vouched: 'with the digest that is in the log',
  changed: 'NOT the one whose digest is in the log',
  open: 'not closed yet: the log has no digest of it',
  unasked: 'without a log to vouch for it',
} as const;

function outcome(decision: Decision): string {
  const ids = decision.findings.map(({ kind, id }) => `${kind} ${id}`).join(', ');
  return `${decision.effect} (${ids === '' ? 'no finding' : ids}), SHA-256 ${bitsOf(decision)}`;
}

function bitsOf(decision: Decision): string {
  return createHash('sha256').update(decisionBits(decision)).digest('hex');
}
