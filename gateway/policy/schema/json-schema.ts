import { z } from 'zod';
import type { Entrypoint } from '../../contract/command.ts';
import type { Json } from '../../contract/principal.ts';
import { inputOf, jsonValue } from './frame.ts';
import { adminCommand, connectCommand } from './own.ts';
import { postgresCommand } from './postgres.ts';
import { sshCommand } from './ssh.ts';

const titles = {
  postgres: 'Policy input for one SQL statement (package rules.postgres), version 1',
  ssh: 'Policy input for one SSH request or one simple command of its line (package rules.ssh), version 1',
  session: 'Policy input for admission to a target (package rules.session), version 1',
  admin: "Policy input for one call of the gateway's own API (package rules.admin), version 1",
} as const satisfies Record<Entrypoint, string>;

export const entrypoints = ['postgres', 'ssh', 'session', 'admin'] as const satisfies readonly Entrypoint[];

/**
 * The published schema of one entrypoint's input: draft 7, which OPA reads, and no property beyond the named ones,
 * so that a misspelt `input.` path fails `opa check`.
 */
export function inputSchema(entrypoint: Entrypoint): { readonly [key: string]: Json } {
  const schema = z.toJSONSchema(inputOf(commandSchema(entrypoint)), { target: 'draft-7', override: plainer });
  // z.toJSONSchema answers a plain JSON object; going through text proves it.
  const plain = z.record(z.string(), jsonValue).parse(JSON.parse(JSON.stringify(schema)));
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: titles[entrypoint], ...plain };
}

/** As committed under `policies/schemas/`. */
export function schemaFile(entrypoint: Entrypoint): string {
  return `${JSON.stringify(inputSchema(entrypoint), null, 2)}\n`;
}

/** The command of one entrypoint's input. */
export function commandSchema(entrypoint: Entrypoint): z.ZodType {
  switch (entrypoint) {
    case 'postgres':
      return postgresCommand;
    case 'ssh':
      return sshCommand;
    case 'session':
      return connectCommand;
    case 'admin':
      return adminCommand;
    default:
      return entrypoint satisfies never;
  }
}

/** OPA's type checker has no use for `readOnly` and key patterns, and takes a recursive type only as "anything". */
function plainer(at: { zodSchema: unknown; jsonSchema: Record<string, unknown> }): void {
  delete at.jsonSchema['readOnly'];
  delete at.jsonSchema['propertyNames'];
  if (at.zodSchema !== jsonValue) return;
  for (const key of Object.keys(at.jsonSchema)) delete at.jsonSchema[key];
}
