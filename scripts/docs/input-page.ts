import type { Entrypoint } from '../../gateway/contract/command.ts';
import { inputSchema } from '../../gateway/policy/schema/json-schema.ts';
import { dynamicReasons, shellKinds, sshEffects } from '../../gateway/contract/command-ssh.ts';
import {
  categoryMeanings,
  categoryOrder,
  commandMeanings,
  effectMeanings,
  effectOrder,
  frameMeanings,
} from './input-meanings.ts';
import { kindMeanings, reasonMeanings, sshEffectMeanings } from './ssh-meanings.ts';
import { readSchema, type JsonSchema } from './json-schema.ts';
import { code, generatedNote, table } from './markdown.ts';

const intros: Readonly<Record<Entrypoint, string>> = {
  postgres: 'What rules in `package rules.postgres` read: one SQL statement.',
  ssh: 'What rules in `package rules.ssh` read: one request over SSH. Of an exec line it is one simple command, those inside of others included; of sftp one operation. What a request does not have is empty or null.',
  session:
    'What rules in `package rules.session` read: one principal who wants a session on a target. Asked when a session begins, and again while it lasts when the policy changes.',
  admin: 'What rules in `package rules.admin` read: one call of the gateway’s own API, by CLI or otherwise.',
};

/** The fields of one entrypoint's input, in the schema's order: path and type. Objects that only hold others are left out. */
export function inputFields(entrypoint: Entrypoint): readonly (readonly [path: string, type: string])[] {
  return leaves('', readSchema(inputSchema(entrypoint)));
}

export function meaningOf(entrypoint: Entrypoint, path: string): string | undefined {
  return commandMeanings[entrypoint][path] ?? frameMeanings[path];
}

export function inputPage(entrypoint: Entrypoint): string {
  const rows = inputFields(entrypoint).map(([path, type]) => [
    code(`input.${path}`),
    type,
    meaningOf(entrypoint, path) ?? '',
  ]);
  return `${generatedNote}
# Policy input: ${entrypoint}

${intros[entrypoint]} No other field exists: a misspelt path fails the build.
The schema is [\`policies/schemas/${entrypoint}.json\`](../../policies/schemas/${entrypoint}.json).

${table(['field', 'type', 'meaning'], rows)}
${vocabularies(entrypoint)}`;
}

function vocabularies(entrypoint: Entrypoint): string {
  switch (entrypoint) {
    case 'postgres':
      return `${effects('a statement’s effects', effectOrder, effectMeanings)}
## Functions

${vocabulary('category', categoryOrder, categoryMeanings)}
`;
    case 'ssh':
      return `${effects('a request’s effects', sshEffects, sshEffectMeanings)}
## Kinds

${vocabulary('kind', shellKinds, kindMeanings)}

## What is dynamic

${vocabulary('why', dynamicReasons, reasonMeanings)}
`;
    case 'session':
    case 'admin':
      return '';
    default:
      return entrypoint satisfies never;
  }
}

function effects<E extends string>(whose: string, order: readonly E[], meanings: Readonly<Record<E, string>>): string {
  return `
## Effects

Strongest first. \`action\` is the first of ${whose}.

${vocabulary('effect', order, meanings)}
`;
}

function vocabulary<E extends string>(
  what: string,
  order: readonly E[],
  meanings: Readonly<Record<E, string>>,
): string {
  return table(
    [what, 'meaning'],
    order.map((one) => [code(one), meanings[one]]),
  );
}

function leaves(path: string, field: JsonSchema): readonly (readonly [string, string])[] {
  const object = field.anyOf?.find((one) => one.properties) ?? field;
  if (object.properties) {
    return Object.entries(object.properties).flatMap(([name, child]) =>
      leaves(path === '' ? name : `${path}.${name}`, child),
    );
  }
  if (field.items?.properties) return leaves(`${path}[]`, field.items);
  return [[path, typeOf(field)]];
}

function typeOf(field: JsonSchema): string {
  if (field.$ref !== undefined) return 'anything';
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum?.includes('opaque')) return '[effect](#effects)';
  if (field.enum?.includes('dynamic_sql')) return '[category](#functions)';
  if (field.enum?.includes('construct')) return '[kind](#kinds)';
  if (field.enum?.includes('dialect')) return '[reason](#what-is-dynamic)';
  if (field.enum) return field.enum.map((v) => code(v)).join(', ');
  if (field.items) return `list of ${typeOf(field.items)}`;
  const types = typeof field.type === 'string' ? [field.type] : (field.type ?? []);
  return types.map((t) => (t === 'object' ? 'map' : t === 'string' ? 'text' : t)).join(' or ');
}
