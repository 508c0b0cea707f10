import type { Entrypoint } from '../../contract/command.ts';

/** Every kind of command and the rule that decides it. A new protocol does not compile until it is here. */
export const entrypointOf = {
  postgres: 'sallyport/postgres/decision',
  ssh: 'sallyport/ssh/decision',
  session: 'sallyport/session/decision',
  admin: 'sallyport/admin/decision',
} as const satisfies Record<Entrypoint, string>;

/** What a bundle has to offer. */
export const decisionEntrypoints: readonly string[] = Object.values(entrypointOf);
