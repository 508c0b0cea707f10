import type { TlsMode } from '../database-url.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What `init` has to know. Everything else has a default that is written out, to be changed later. */
export interface Answers {
  readonly dir: string;
  readonly target: {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly login: string;
    readonly tlsMode: TlsMode;
    /** PEM authorities of the database's certificate; those of the system unless given. */
    readonly caFile?: string | undefined;
  };
  /** Where the login's password is: in the environment when the gateway runs, or here, for the encrypted store. */
  readonly password: { readonly env: string } | { readonly value: string };
  readonly issuer: {
    readonly url: string;
    readonly audience: string;
    readonly algorithms: readonly string[];
    readonly idClaim: string;
    readonly groupsClaim: string;
    /** The claim that says `agent` of an agent, and what a token without it stands for. */
    readonly kindClaim: string;
    readonly unmarked: 'human' | 'agent';
    readonly deviceClientId?: string | undefined;
    readonly deviceScope: string;
  };
  readonly listen: ListenAddress;
  readonly admin: ListenAddress;
}
