import type { z } from 'zod';
import type { Command } from '../../contract/command.ts';
import type { Protocol, Target } from '../../contract/principal.ts';

/** What somebody types, with the parameters that a client binds to it. */
export interface Line {
  readonly text: string;
  readonly params: readonly (string | null)[];
}

/** A target as a fixture describes it. */
export interface LineTarget {
  readonly target: Target;
  /** The fixture's section named like the protocol, as `fixture` read it. */
  readonly section: unknown;
  /** `schema.relation.column` to labels, from the policies' own data. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** A line that is none in its protocol is a value: the gateway refuses it before policy is asked. */
export type ReadLine =
  | { readonly ok: true; readonly commands: readonly { readonly command: Command; readonly key: string }[] }
  | { readonly ok: false; readonly why: string };

/** The port of a protocol: the parser and the facts that production uses, without sockets. One for each kind of line that people type. */
export interface LineProtocol extends AsyncDisposable {
  readonly name: Protocol;
  /** What a fixture has to say about a target of this protocol. */
  readonly fixture: z.ZodType;
  commandsOf(line: Line, target: LineTarget): Promise<ReadLine>;
}
