import type { CommandFrame } from './command-frame.ts';
import type { PostgresCommand } from './command-postgres.ts';
import type { SshCommand } from './command-ssh.ts';

/** One normalized unit of work: what Rego sees as `input.command`. A protocol adds itself to the union and the compiler lists every switch. */
export type Command = ConnectCommand | AdminCommand | PostgresCommand | SshCommand;

/** Admission to a target (package `rules.session`). */
export interface ConnectCommand extends CommandFrame {
  readonly protocol: 'session';
  readonly action: 'connect';
  /** The login the client named; which role of the target it gets is configuration. */
  readonly user: string;
}

/** One call of the gateway's own API (package `rules.admin`). */
export interface AdminCommand extends CommandFrame {
  readonly protocol: 'admin';
  readonly action: AdminAction;
  /** What the call is about: a hold, a session, a target, the log. */
  readonly resource: { readonly kind: string; readonly id: string; readonly owner: string };
}

export const adminActions = [
  'approvals.list',
  'approvals.show',
  'approvals.decide',
  'sessions.list',
  'sessions.show',
  'sessions.replay',
  'sessions.watch',
  'sessions.kill',
  'audit.query',
  'audit.verify',
  'policy.status',
  'policy.shadow',
  'ssh.keys.register',
  'ssh.keys.forget',
  'ssh.codes.issue',
  'targets.list',
] as const;
export type AdminAction = (typeof adminActions)[number];

/** Look-ups that running the command makes. */
export function lookupsOf(command: Command): number {
  switch (command.protocol) {
    case 'postgres':
      return command.lookups;
    case 'ssh':
    case 'session':
    case 'admin':
      return 0;
    default:
      return command satisfies never;
  }
}

/** The package whose findings judge a command: `rules.<entrypoint>`, decision at `sallyport/<entrypoint>/decision`. */
export type Entrypoint = Command['protocol'];

/** What a session has done so far (`input.session`), as policy sees it. Only what a bundle reads keys its cached decisions. */
export interface SessionFacts {
  readonly id: string;
  /** RFC 3339. */
  readonly started_at: string;
  readonly commands: number;
  readonly rows_returned: number;
  readonly denials: number;
  readonly labels_read: readonly string[];
  /**
   * Look-ups of labelled values in the last 60 minutes, before this command, by this principal on this target over all sessions of the gateway;
   * 0 for a command that makes none, so that what looks nothing up is decided once.
   */
  readonly lookups: number;
}

/** An approval as a fact, when policy is asked again after a hold (`input.approval`). */
export interface ApprovalFact {
  readonly id: string;
  /** Rules whose demand it satisfies. */
  readonly rules: readonly string[];
  readonly approvers: readonly string[];
  readonly scope: 'once' | 'session';
}

/** The minute in which a decision falls (`input.now`): truncated, so that decisions repeat and can be reproduced. UTC. */
export interface NowFacts {
  readonly unix_ms: number;
  readonly rfc3339: string;
  readonly weekday: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';
  readonly minute_of_day: number;
}
