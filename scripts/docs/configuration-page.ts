import { configJsonSchema } from '../../gateway/config/json-schema.ts';
import { takesEffect } from '../../gateway/config/change.ts';
import { readSchema, type JsonSchema } from './json-schema.ts';
import { code, generatedNote, table } from './markdown.ts';
import { isUsed } from './source-files.ts';

/** Every field of the configuration file, from its published schema. */
export function configurationPage(): string {
  const whole = readSchema(JSON.parse(configJsonSchema()));
  const sections = Object.entries(whole.properties ?? {}).map(([name, section]) => {
    const rows = fields(name, section, whole.required?.includes(name) === true);
    return `## ${name}\n\n${section.description ? `${section.description}.\n\n` : ''}${takesEffect(name)}\n\n${table(
      ['field', 'what it is', 'default', 'meaning'],
      rows,
    )}`;
  });
  return `${generatedNote}
# Configuration

One YAML file. Relative paths in it are meant from its directory. A field that is not listed here is an error, and
\`sallyport config check\` says every mistake at once, with line and column. Editors can complete and check the file by
[\`config.schema.json\`](config.schema.json).

Secrets never stand in the file: each is a reference, \`{ env: NAME }\`, \`{ file: PATH }\` or \`{ store: NAME }\` (the encrypted store of
\`sallyport credentials\`).

A running gateway takes over changes of \`identity\` and \`targets\`, and of the limits on connections (\`connections\`,
\`connections_per_principal\`, \`unauthenticated\`, \`unauthenticated_ms\`), when the file changes or at SIGHUP. They hold for logins and
sessions that begin from then on. The rest takes effect after a restart, and the gateway says so. A changed file with a mistake in it is
not used.

${sections.join('\n\n')}
`;
}

function fields(path: string, field: JsonSchema, required: boolean): readonly (readonly string[])[] {
  const own = [code(path), kind(field), required ? 'required' : defaultOf(field), meaningOf(path, field)];
  // Entries of several kinds: each has fields of its own.
  if (field.items?.oneOf) return [own, ...field.items.oneOf.flatMap((one) => fieldsOfKind(path, one))];
  // A map has names of its own where a list has a place.
  const values = typeof field.additionalProperties === 'object' ? field.additionalProperties : undefined;
  const inside = field.properties
    ? field
    : field.items?.properties
      ? field.items
      : values?.properties
        ? values
        : undefined;
  if (!inside) return [own];
  const prefix = field.properties ? path : field.items ? `${path}[]` : `${path}.<name>`;
  const below = Object.entries(inside.properties ?? {}).flatMap(([name, child]) =>
    fields(`${prefix}.${name}`, child, inside.required?.includes(name) === true),
  );
  // A section without a word of its own says nothing that its fields do not.
  return field.properties && !field.description ? below : [own, ...below];
}

/** Of the entries of a list that say `protocol: NAME`. */
function fieldsOfKind(path: string, one: JsonSchema): readonly (readonly string[])[] {
  const named = String(one.properties?.['protocol']?.const ?? '');
  return Object.entries(one.properties ?? {}).flatMap(([name, child]) =>
    fields(`${path}[${named}].${name}`, child, one.required?.includes(name) === true),
  );
}

/** A field that nothing reads is a promise that nobody keeps: it is said. */
function meaningOf(path: string, field: JsonSchema): string {
  const name = /(\w+)(\[\])?$/.exec(path)?.[1] ?? '';
  const said = field.description ?? '';
  return isUsed(name, 'gateway/config/') ? said : `${said === '' ? '' : `${said}. `}**Has no effect yet**`;
}

function kind(field: JsonSchema): string {
  if (field.const !== undefined) return code(String(field.const));
  if (field.enum) return field.enum.map((v) => code(v)).join(', ');
  if (field.anyOf) return field.anyOf.map(kind).join(' or ');
  switch (field.type) {
    case 'array':
      return (field.items?.properties ?? field.items?.oneOf) ? 'list' : `list of ${kind(field.items ?? {})}`;
    case 'object':
      return field.properties ? 'section' : 'map';
    case 'integer':
      return field.maximum === undefined ? 'integer' : `${count(field.minimum ?? 0)} to ${count(field.maximum)}`;
    case 'string':
      return 'text';
    default:
      return typeof field.type === 'string' ? field.type : 'anything';
  }
}

function defaultOf(field: JsonSchema): string {
  const value = field.default;
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return '';
  return code(JSON.stringify(value));
}

function count(n: number): string {
  return n.toLocaleString('en');
}
