import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiPage } from './api-page.ts';
import { cliPage } from './cli-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { eventPage } from './event-page.ts';
import { findingsPage } from './findings-page.ts';
import { inputPage } from './input-page.ts';
import { pretty, root } from './markdown.ts';
import { maskedTypesPage } from './masked-types-page.ts';
import { metricsPage } from './metrics-page.ts';

/** The reference pages that are made from the code, and how. The configuration's schema comes from `scripts/generate.ts`. */
export const pages: readonly (readonly [file: string, render: () => string])[] = [
  ['docs/reference/cli.md', cliPage],
  ['docs/reference/configuration.md', configurationPage],
  ['docs/reference/input-postgres.md', () => inputPage('postgres')],
  ['docs/reference/input-ssh.md', () => inputPage('ssh')],
  ['docs/reference/input-session.md', () => inputPage('session')],
  ['docs/reference/input-admin.md', () => inputPage('admin')],
  ['docs/reference/findings.md', findingsPage],
  ['docs/reference/errors.md', errorsPage],
  ['docs/reference/masked-types.md', maskedTypesPage],
  ['docs/reference/metrics.md', () => metricsPage('sallyport_')],
  ['docs/reference/api.md', apiPage],
  ['docs/reference/audit-events.md', eventPage],
];

/** A page as it has to be, and as it is; undefined where there is none. */
export async function compare(
  file: string,
  render: () => string,
): Promise<{ readonly wanted: string; readonly found: string | undefined }> {
  const wanted = await pretty(render());
  const found = await readFile(join(root, file), 'utf8').catch(() => undefined);
  return { wanted, found };
}
