import { statSync } from 'node:fs';
import type { Command } from 'commander';
import type { BundleArchive } from '../policy/archive/archive.ts';
import type { TrustedKey } from '../policy/bundle/keys.ts';
import { trustedKey } from './bundle-files.ts';
import { configOrExit, defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { parseTime } from './times.ts';

/** Where decisions of the past are looked up. */
export interface PastFlags {
  readonly config: string;
  readonly log?: string;
  readonly recordings?: string;
  readonly archive?: string;
  readonly bundle: readonly string[];
  readonly key?: readonly string[];
}

export interface PastPlaces {
  /** The audit log's directory; undefined where somebody named copies and no log. */
  readonly log: string | undefined;
  readonly recordings: RecordingsRange;
  readonly archive: BundleArchive;
  readonly files: readonly string[];
  readonly keys: readonly TrustedKey[];
}

/** Recordings of a directory, and the part of time that matters. */
export interface RecordingsRange {
  readonly dir: string;
  /** At or after, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Before. */
  readonly untilMs: number;
}

export const pastHelp = `
It asks no gateway: it reads the log, the recordings and the archive of bundles where the configuration says that they are.
With copies elsewhere, name --recordings, --archive and --key; --log too, and the log's digests vouch for both.
`;

export function withPast(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file that says where everything is', defaultConfig)
    .option('--recordings <range>', 'FROM..TO, such as 7d.. or 2026-11-14..2026-11-21, or a directory of recordings')
    .option('--log <dir>', 'the audit log’s directory')
    .option('--archive <dir>', 'the directory of bundles that were in force')
    .option('--bundle <file...>', 'bundles that the archive does not have (any more)', [])
    .option('--key <id=file...>', 'PEM public keys whose signature counts');
}

export async function placesOf(flags: PastFlags): Promise<PastPlaces> {
  const { BundleArchive: Archive } = await import('../policy/archive/archive.ts');
  const keys = flags.key && (await Promise.all(flags.key.map(trustedKey)));
  const range = parseRange(flags.recordings);
  const archive = flags.archive === undefined ? undefined : new Archive(flags.archive, readOnly);
  if (keys && archive && range.dir !== undefined) {
    return { log: flags.log, recordings: { ...range, dir: range.dir }, archive, files: flags.bundle, keys };
  }
  const [config, { bundleArchive }, { trustedKeys }] = await Promise.all([
    configOrExit(flags.config),
    import('../composition/bundle-archive.ts'),
    import('../composition/secrets.ts'),
  ]);
  return {
    log: flags.log ?? config.audit.dir,
    recordings: { ...range, dir: range.dir ?? config.recordings.dir },
    archive: archive ?? bundleArchive(config),
    files: flags.bundle,
    keys: keys ?? (await trustedKeys(config)),
  };
}

/** Nothing is kept by whoever looks back. */
const readOnly = { maxBundles: 0, maxBytes: 0 };

interface GivenRange extends Omit<RecordingsRange, 'dir'> {
  readonly dir: string | undefined;
}

/** `FROM..TO`, either end open, or a directory. */
export function parseRange(text: string | undefined): GivenRange {
  const always = { sinceMs: 0, untilMs: Infinity };
  if (text === undefined) return { ...always, dir: undefined };
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return { ...always, dir: text };
  const ends = /^(.*?)\.\.(.*)$/.exec(text);
  if (!ends) throw new CliError(exitCodes.usage, `--recordings: ${text} is neither a directory nor FROM..TO`);
  const [, from = '', to = ''] = ends;
  const sinceMs = from === '' ? 0 : timeOf(from);
  const untilMs = to === '' || to === 'now' ? Infinity : timeOf(to);
  if (sinceMs >= untilMs) throw new CliError(exitCodes.usage, `--recordings: ${text} ends before it begins`);
  return { sinceMs, untilMs, dir: undefined };
}

function timeOf(text: string): number {
  try {
    return Date.parse(parseTime(text));
  } catch (error) {
    throw new CliError(exitCodes.usage, `--recordings: ${error instanceof Error ? error.message : text}`);
  }
}
