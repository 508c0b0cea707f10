import type { Command } from '../../contract/command.ts';

/** What is known of a command, line by line: without its text, and without what says nothing. */
export function factLines(command: Command): readonly string[] {
  return Object.entries(command).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'text' || name === 'line' || name === 'fingerprint' || saysNothing(name, value)) return [];
    if (!Array.isArray(value) || value.every((item) => typeof item !== 'object' || item === null))
      return [`${name}: ${brief(value)}`];
    return [`${name}:`, ...value.map((item: unknown) => `  - ${brief(item)}`)];
  });
}

function saysNothing(name: string, value: unknown): boolean {
  if (value === null || value === false || (Array.isArray(value) && value.length === 0)) return true;
  const text = JSON.stringify(value);
  if (name === 'transaction') return text === '{"in":false,"failed":false}';
  if (name === 'pipeline') return text.startsWith('{"index":0,') && !text.includes('",') && !text.includes('null,');
  if (name === 'batch' || name === 'position') return text === '{"index":0,"count":1}';
  return name === 'analysis' && text === '{"complete":true,"reasons":[]}';
}

/** JSON without the quotes that a person does not need. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(brief).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, inner]) => !Array.isArray(inner) || inner.length > 0);
    return `{${fields.map(([name, inner]) => `${name}: ${brief(inner)}`).join(', ')}}`;
  }
  return typeof value === 'string' && /^[\w.*-]+$/.test(value) ? value : JSON.stringify(value);
}
