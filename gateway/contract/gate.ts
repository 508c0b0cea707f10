import type { Exchange } from './exchange.ts';
import type { SessionId } from './ids.ts';
import type { Client, Login, Protocol } from './principal.ts';
import type { SessionFrame } from './ports.ts';
import type { ResultPart } from './result.ts';
import type { Wait } from './wait.ts';

/** What `enforce/` is to an adapter, for one session. The adapter offers; the gate owns the order. */
export interface Gate extends AsyncDisposable {
  readonly frame: SessionFrame;
  /**
   * The whole walk of one exchange up to the point where the adapter may offer the next: decided, recorded, then denied, held or forwarded.
   * Results come later through `Exchange.forward`'s deliver.
   */
  offer(x: Exchange): Wait;
  /**
   * For commands that are declared now and run later (Parse): judged now so that the client hears the no where it expects it.
   * A yes lets `x.forward` declare it; each run is offered again.
   */
  declare(x: Exchange): Wait;
  /** Output that answers no command (NOTIFY, notices between commands): what of it may pass. */
  loose(part: ResultPart): ResultPart | undefined;
  /** Something that never became a command: unparsable, too long, against the protocol. @throws when it cannot be recorded */
  refused(why: string, text: string): Wait;
  /**
   * Aborts when the session must end at once: token over, admission withdrawn, ended by somebody. What runs is broken off, at the target too.
   * The reason is a sentence for the client.
   */
  readonly ending: AbortSignal;
  /** The session is over. */
  end(reason: string): Promise<void>;
}

export interface Admission {
  /** Decides on `connect`, opens recording and audit. A no is a value and has been audited. */
  admit(request: AdmissionRequest): Promise<Admitted>;
  /** A login that failed before there was a principal. */
  refusedLogin(protocol: Protocol, client: Client, why: string): void;
}
export interface AdmissionRequest {
  readonly id: SessionId;
  readonly login: Login;
  readonly protocol: Protocol;
  readonly target: string;
  /** The login the client named. */
  readonly user: string;
  readonly client: Client;
}
export type Admitted =
  | { readonly ok: true; readonly gate: Gate }
  | {
      readonly ok: false;
      readonly code: 'no_target' | 'denied' | 'unavailable';
      readonly message: string;
      readonly hint?: string;
    };
