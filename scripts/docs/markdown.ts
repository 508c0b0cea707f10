import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

export const root = join(import.meta.dirname, '../..');

/** Stands at the head of every page that is made from the code. */
export const generatedNote = '<!-- Made from the code by: node scripts/docs/generate.ts -->\n';

/** A table. Cells are Markdown already; only what would break the table is escaped. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

/** In the type of code. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** As the repository's formatter writes it, so that a page that was made is a page that passes the checks. */
export async function pretty(markdown: string): Promise<string> {
  const options = await resolveConfig(join(root, 'README.md'));
  return format(markdown, { ...options, parser: 'markdown' });
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}
