/** Where in a source, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something in a policy that is wrong, and what to write instead. */
export interface Problem extends Place {
  /** The check that found it: a name from `lintChecks`, or `regal/<rule>`. */
  readonly check: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly instead: string;
}

/** The checks of `sallyport policy check` and what each is about. `docs/reference/policy-lint.md` lists them; a test compares. */
export const lintChecks = {
  opa: 'What `opa check --strict` says: syntax, unknown names and functions, paths that the input does not have, unused variables.',
  'enum-literal': 'A literal that the field it is compared with can never hold.',
  'unknown-set': 'Findings in a set that nobody reads, because its name is not one of the six.',
  'finding-field':
    'A finding without a field that it needs, with one that it cannot have, or with a value that no field of that name takes.',
  'duplicate-id': 'One id for findings of different sets or files, or another id in the METADATA than in the finding.',
  'shared-name':
    'A helper that another file of the package defines too: one of them would change what the other means.',
  'undefined-label':
    'A label that `labels` of the data does not define, or one for a whole relation (`*`), which no column would carry.',
  'unknown-data': 'A path below `data` that no data file and no package defines.',
  'unknown-method': 'A way of masking that no masker has.',
  'non-deterministic':
    'A built-in whose answer differs from one call to the next: such a decision cannot be reproduced.',
  sprintf: 'sprintf, which WebAssembly does not have.',
  'never-fires': 'A rule that no command of any protocol can match.',
  'null-order': 'A field that may be null, asked whether it is less than something: null is less than every number.',
} as const satisfies Readonly<Record<string, string>>;
export type LintCheck = keyof typeof lintChecks;

/** `file:line:column: message. Instead: ...`, as editors and terminals link it. */
export function problemLine({ file, line, column, message, instead, check }: Problem): string {
  return `${file}:${line}:${column}: ${message} [${check}]\n    instead: ${instead}`;
}

/** The likeliest of these that somebody meant; undefined when none is near. */
export function nearest(text: string, choices: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(text.length / 3));
  const near = choices.map((choice) => [distance(text, choice), choice] as const).sort(([a], [b]) => a - b)[0];
  return near !== undefined && near[0] <= limit ? near[1] : undefined;
}

/** Levenshtein's: letters added, dropped or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
