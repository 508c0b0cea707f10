/** One rule switched off: a line of the source that says something else, and nothing more. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line as it is. */
  readonly rule: string;
  /** The whole file, changed. */
  readonly source: string;
}

/** What the analysis writes down, reads further, or remembers; a row of what functions and relations do. */
const statements: readonly RegExp[] = [
  /this\.(?:touch|measures|quotes)\(.*\);$/,
  /(?:walk\.)?ledger\.(?:touch|touchAll|lookUp|explains|incomplete|contradiction|call|relation|unknownRelation|changesRows|write|effect|measures|runsCode|runsAllCode|runsEventTriggers)\(.*\);$/,
  /(?:walk\.)?ledger\.copies\.add\(.*\);$/,
  /(?:(?:walk\.)?ledger\.)?(?:rows\.(?:reads|readsAgain|keeps|tells)|sorts|searchesNull)\(.*\);$/,
  /(?<![\w.])(?:walk\.(?:expression|from|targets|query)|readOperator|readExpression|readNested|addAll|blur|copyInto|copyColumns|copyNew|copyRenamed|renamed|changesRows|readConflict|readAssignments|readRules|readRuleUses|readDefaults)\(.*\);$/,
  /(?:walk\.)?ledger\.(?:changesSchema|changesSearchPath|touchesLabels|unfiltered) = true;$/,
];
const rows: readonly RegExp[] = [
  /^ {2}\[\/\^.*, '\w+'\],$/,
  /^ {2}\['\w+', '[a-z ]+'\],$/,
  /^ {2}\['\w+', \/.*, '\w+'\],$/,
];
/** Tables whose rows allow, or say what a function is called by: one row less refuses more. */
const allowing: ReadonlySet<string> = new Set([
  'total-functions.ts',
  'builtin-functions.ts',
  'counters.ts',
  'equal-values.ts',
]);
/** What the outline does not read by itself. */
const leaves = /^(\s*)if \((?:code|text\.charCodeAt).* return undefined;$/;
const allows = /, '(?:pure|volatile)'\],$/;

/** Where a rule is what speaks against an exception: each is a line of its own. */
const refusing: ReadonlySet<string> = new Set(
  `look-up.ts given-values.ts catalog-rows.ts rule-uses.ts plain-definition.ts row-arguments.ts equal-values.ts equality.ts calm-calls.ts
   key-order.ts settled-order.ts field-calls.ts document-change.ts document-constant.ts document-member.ts opened-document.ts derived.ts common-type.ts`.split(
    /\s+/,
  ),
);
/** That something is not there is no rule: what follows could not go on. */
const refuses = /^(\s*)if \((?!!\w+\) ).*\) return (?:undefined|false|'v'|item);$/;
/** Where what is returned speaks against the statement: nothing does. */
const speaking: ReadonlyMap<string, readonly [returned: RegExp, nothing: string]> = new Map([
  ['rule-uses.ts', [/^( {6}return ).*\b(?:labelled|kept|toldByEntry)\b.*;$/, '$1[];']],
  ['failing.ts', [/^(\s*(?:if \(.*\) )?return )(?:.*(?:namesColumn|isBuiltIn)\(.*\)|.*'EXPR_SUBLINK');$/, '$1false;']],
  ['turns.ts', [/^(\s*return )(?:!random|field\.length).*;$/, '$1false;']],
  ['trigger-names.ts', [/^(\s*return )`.*`;$/, '$1undefined;']],
  ['settled-order.ts', [/^(\s*)if \(.*'SORTBY_USING'\) return \[\];$/, '$1void 0;']],
]);

/** Every rule of a source of the analysis, switched off one at a time. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const lines = source.split('\n');
  const name = file.split('/').at(-1) ?? '';
  return lines.flatMap((line, i) => {
    const refused = (refusing.has(name) ? withoutRefusal(line) : undefined) ?? withoutAnswer(name, line);
    const left = name === 'plain-outline.ts' && leaves.test(line) ? '' : undefined;
    const changed =
      refused ??
      left ??
      (name === 'counters.ts' ? withoutCounter(line) : undefined) ??
      withoutOrder(line) ??
      withoutStatement(line) ??
      (allowing.has(name) ? undefined : withoutRow(line));
    if (changed === undefined) return [];
    return [{ file, line: i + 1, rule: line.trim(), source: lines.with(i, changed).join('\n') }];
  });
}

function withoutStatement(line: string): string | undefined {
  // A value that is used is no statement of its own.
  const statement =
    /^(\s*(?:(?:\} )?else |if \(.*?\) |for \(const .*? of .*?\) |case '.*': )*)(?!if|for|else)(.*)$/.exec(line);
  const [, before = '', body = ''] = statement ?? [];
  const found = statements.find((each) => each.test(body) && (body.match(each)?.index ?? -1) === 0);
  return found ? `${before}void 0;` : undefined;
}

/** The order of rows counts for nothing, where it shows. */
function withoutOrder(line: string): string | undefined {
  return line.includes('rows.shown(') ? line.replace('rows.shown(', 'rows.hidden(') : undefined;
}

function withoutRefusal(line: string): string | undefined {
  return refuses.test(line) ? line.replace(refuses, '$1void 0;') : undefined;
}

function withoutAnswer(name: string, line: string): string | undefined {
  const [returned, nothing] = speaking.get(name) ?? [];
  return returned && nothing !== undefined && returned.test(line) ? line.replace(returned, nothing) : undefined;
}

/** What counts by values counts rows. */
function withoutCounter(line: string): string | undefined {
  const counts = /^( {2}\[\/.*, )'(?:writing|room|distinct)'(, '.*'\],)$/;
  return counts.test(line) ? line.replace(counts, "$1'rows'$2") : undefined;
}

function withoutRow(line: string): string | undefined {
  return rows.some((row) => row.test(line)) && !allows.test(line) ? '' : undefined;
}

/** Every rule of a policy whose finding denies or masks, switched off one at a time. */
export function policyMutantsOf(file: string, source: string): readonly Mutant[] {
  const lines = source.split('\n');
  return lines.flatMap((line, i) => {
    if (!/^(?:deny|mask) contains \{$/.test(line)) return [];
    const body = lines.findIndex((each, at) => at > i && each === '} if {');
    if (body < 0) return [];
    const message = lines.slice(i, body).find((each) => each.includes('"msg"'));
    const rule = `${line.slice(0, 4)} ${/"id": "([^"]+)"/.exec(lines[i + 1] ?? '')?.[1] ?? ''} ${message?.trim() ?? ''}`;
    return [{ file, line: i + 1, rule, source: lines.toSpliced(body + 1, 0, '\tfalse').join('\n') }];
  });
}

/** Rules whose absence nothing can notice, with the reason. */
const equivalent: readonly { readonly file: string; readonly rule: string; readonly why: string }[] = [
  {
    file: 'derived.ts',
    rule: "if (!column.form) walk.ledger.touchAll(column.sources, 'expression');",
    why: 'whatever took its form from the column has written the use down already',
  },
  {
    file: 'query.ts',
    rule: "for (const { sources, form } of labelled) walk.ledger.touchAll(sources, form ? undefined : 'expression');",
    why: 'each arm has written down what it reads, and what has no form how it lost it',
  },
  {
    file: 'stored-values.ts',
    rule: "['pg_stat_statements', 'statements of others'],",
    why: 'it is a view over a function that is not seen through either',
  },
];

/** Why no test can notice that this rule is gone; undefined where one should. */
export function whyEquivalent({ file, rule }: Pick<Mutant, 'file' | 'rule'>): string | undefined {
  return equivalent.find((each) => file.endsWith(`/${each.file}`) && rule === each.rule)?.why;
}
