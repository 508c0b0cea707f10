import type { Command } from '../../contract/command.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { Tally, type TrialReport, type TriedCommand } from '../../policy/backtest/tally.ts';
import { counted, type TrialAbout } from '../../policy/backtest/report.ts';
import { unverifiedTogether } from '../../policy/bundle/together.ts';
import { Engine } from '../../policy/engine/engine.ts';
import { parseLabels } from '../../policy/labels.ts';
import { commandOf, Judging } from '../../policy/replay/judging.ts';
import { recordingFiles } from '../../recordings/files.ts';
import { ReadRecording } from '../past/recordings.ts';
import { Reparser } from './reparse.ts';

export interface TrialOptions {
  /** Bundle archives; without an old one, the decisions as they were. Neither is verified: nothing of it takes effect. */
  readonly old: Buffer | undefined;
  readonly new: Buffer;
  readonly recordings: { readonly dir: string; readonly sinceMs: number; readonly untilMs: number };
  /** Directories with fixtures: texts are parsed anew. Undefined: the recorded facts are judged. */
  readonly reparse: readonly string[] | undefined;
  /** Kept of commands that change in the same way by the same rules. */
  readonly examples: number;
  readonly onProgress: (recordings: number, of: number, commands: number) => void;
}

export interface Trial {
  readonly report: TrialReport;
  readonly about: TrialAbout;
}

const progressEvery = 500;

/** Judges commands of the past under two bundles. @throws SallyportError `bundle-invalid` */
export async function tryOnRecordings(options: TrialOptions): Promise<Trial> {
  await using open = new AsyncDisposableStack();
  const before = options.old && open.use(await sideOf(options.old, options.reparse));
  const after = open.use(await sideOf(options.new, options.reparse));
  const { dir, sinceMs, untilMs } = options.recordings;
  const files = await recordingFiles(dir, sinceMs);
  const tally = new Tally(options.examples);
  const unjudged = new Map<string, number>();
  const leaveOut = (why: string) => unjudged.set(why, (unjudged.get(why) ?? 0) + 1);
  let [used, seen] = [0, 0];
  for (const [i, path] of files.entries()) {
    const startedAt = seen;
    for await (const one of new ReadRecording(path).judgements()) {
      const atMs = one.ok ? one.judged.atMs : one.atMs;
      if (atMs < sinceMs || atMs >= untilMs) continue;
      seen += 1;
      if (seen % progressEvery === 0) options.onProgress(i, files.length, seen);
      const read = one.ok ? commandOf(one.judged) : one;
      if (!read.ok || !one.ok) {
        leaveOut(read.ok ? '' : read.why);
        continue;
      }
      const { judged } = one;
      const old = before ? await before.decide(judged, read.command) : judged.decision;
      tally.add(triedOf(judged, read.command), old, await after.decide(judged, read.command));
    }
    if (seen > startedAt) used += 1;
    options.onProgress(i + 1, files.length, seen);
  }
  const about = {
    old: before ? before.revision : 'the decisions then',
    new: after.revision,
    recordings: used,
    unjudged: Object.fromEntries(unjudged),
    notes: notesOf(before, after, options),
  };
  return { report: tally.report(), about };
}

/** One of the two bundles, and how it sees commands. */
class Side implements AsyncDisposable {
  readonly revision: string;
  readonly labels: string;
  /** Commands judged by their recorded facts although they were to be read anew, by the reason. */
  readonly kept = new Map<string, number>();
  /** Commands of which a rule reads what the recording blanks. */
  blanked = 0;
  readonly #judging: Judging;
  readonly #reparser: Reparser | undefined;

  constructor(judging: Judging, labels: string, reparser: Reparser | undefined) {
    this.revision = judging.engine.revision;
    this.labels = labels;
    this.#judging = judging;
    this.#reparser = reparser;
  }

  /** Waits for the parser only: recorded facts are judged at once. */
  decide(judged: JudgedCommand, recorded: Command) {
    if (judged.erased.length > 0 && this.#judging.reads(recorded, judged.erased).length > 0) this.blanked += 1;
    return this.#reparser ? this.#reparsed(this.#reparser, judged, recorded) : this.#judging.decide(judged, recorded);
  }

  async #reparsed(reparser: Reparser, judged: JudgedCommand, recorded: Command) {
    const read = await reparser.read(judged);
    if (read.ok) return this.#judging.decide({ ...judged, key: `${judged.key} anew` }, read.command);
    this.kept.set(read.why, (this.kept.get(read.why) ?? 0) + 1);
    return this.#judging.decide(judged, recorded);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#judging[Symbol.dispose]();
    await this.#reparser?.[Symbol.asyncDispose]();
  }
}

async function sideOf(archive: Buffer, reparse: readonly string[] | undefined): Promise<Side> {
  const bundle = await unverifiedTogether(archive);
  const labels = parseLabels(bundle.data);
  const reparser = reparse && (await Reparser.open(labels, reparse));
  return new Side(new Judging(new Engine(bundle), { expires: false }), labels.version, reparser);
}

function triedOf({ requestId, atMs, frame, text }: JudgedCommand, command: Command): TriedCommand {
  const fingerprint = command.protocol === 'postgres' ? command.fingerprint : command.action;
  return { request: requestId, atMs, principal: frame.principal.id, target: frame.target.name, fingerprint, text };
}

function notesOf(before: Side | undefined, after: Side, { reparse }: TrialOptions): readonly string[] {
  const notes: string[] = [];
  if (!reparse && before && before.labels !== after.labels) {
    notes.push(
      'labels differ between the bundles, and recorded facts have the labels of their time: --reparse sees the new ones',
    );
  }
  const blanked = Math.max(before?.blanked ?? 0, after.blanked);
  if (blanked > 0) notes.push(`a rule reads something that the recording blanks of ${counted(blanked, 'command')}`);
  for (const [why, n] of after.kept)
    notes.push(`judged by their recorded facts: ${counted(n, 'command')}, because ${why}`);
  return notes;
}
