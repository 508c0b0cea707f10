import { relative, resolve, sep } from 'node:path';
import type { Log } from 'sarif';
import { lintChecks, type Problem } from './problem.ts';

/**
 * Problems as code hosts read them: SARIF 2.1.0, docs.oasis-open.org/sarif/sarif/v2.1.0. `Log` has its types.
 * @param root the directory that file names are relative to: the repository's
 */
export function sarifOf(problems: readonly Problem[], version: string, root: string): Log {
  const checks = new Map<string, string>(Object.entries(lintChecks));
  for (const { check, message } of problems) if (!checks.has(check)) checks.set(check, message);
  const rules = [...checks].map(([id, text]) => ({ id, shortDescription: { text } }));
  const results = problems.map(({ file, line, column, check, severity, message, instead }) => ({
    ruleId: check,
    level: severity,
    message: { text: `${message}. Instead: ${instead}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file, root) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sallyport policy check', version, rules } },
        columnKind: 'unicodeCodePoints',
        results,
      },
    ],
  };
}

function uriOf(file: string, root: string): string {
  return relative(resolve(root), resolve(file)).split(sep).map(encodeURIComponent).join('/');
}
