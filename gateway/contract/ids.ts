declare const brand: unique symbol;

/** A string that the compiler will not confuse with another id. Costs nothing at run time. */
export type Id<Name extends string> = string & { readonly [brand]: Name };

/** One principal on one target over one protocol, from first byte to last. ULID. */
export type SessionId = Id<'Session'>;
/** One command; what the client is told, what policy echoes, and what the log is searched by. ULID. */
export type RequestId = Id<'Request'>;
/** One command that waits for a human. ULID. */
export type HoldId = Id<'Hold'>;
/** The version of the active policy bundle, as its manifest says. */
export type Revision = Id<'Revision'>;

/** Names an id that comes from outside (a database row, a command line) after its form was checked. */
export function asId<T extends Id<string>>(text: string): T {
  return text as T; // a brand is a compile-time claim; the caller has checked the form
}
