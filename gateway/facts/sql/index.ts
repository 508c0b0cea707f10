/**
 * What a SQL statement means. In the order of reading:
 *
 * - `analyzer.ts` takes texts, `thread.ts` keeps the threads, `worker.ts` is what runs in one
 * - `grammar.ts` parses, `analyze.ts` turns each statement into `StatementFacts`
 * - `statements.ts` knows every statement of the grammar; `query.ts`, `with.ts`, `from.ts`, `expression.ts` and `write.ts` read what has columns,
 *   `function-body.ts` the functions that are called, `handles.ts` the names that a session keeps, `definition.ts`, `copy.ts`, `explain.ts` and `settings.ts` the rest; `ledger.ts` is where they write down what they see
 * - `world.ts` answers for catalog and labels, views included; `table-rules.ts` for what tables do by themselves, of which `rule-uses.ts` and
 *   `row-choice.ts` say what that tells
 *
 * What is not recognized makes the facts incomplete or opaque, never clean.
 */
export { openSqlAnalyzer } from './analyzer.ts';
export { behindChange } from './lineage/analysis.ts';
export { catalogQueries, readCatalog } from './catalog/queries.ts';
export { builtInArrays, ownTypes } from './catalog/types.ts';
export type { CatalogRows } from './catalog/queries.ts';
export type { CopyLayout, CopyTextLayout } from './text/copy-options.ts';
export { isClear } from './lineage/document-member.ts';
export type { CommandFacts, StatementFacts } from './text/statement.ts';
export { leanCatalog } from './catalog/catalog.ts';
export type { CatalogRelation, CatalogSnapshot, FunctionBody } from './catalog/catalog.ts';
export { equalityOf } from './catalog/equality.ts';
export type { CatalogRule, Folded, Follows, TableRule } from './catalog/rules.ts';
export { labelledName, spreadLabels, spreadPaths } from './catalog/labels.ts';
export type { ColumnLabels, SpreadLabels, SpreadPaths } from './catalog/labels.ts';
export type { SqlAnalysis, SqlAnalyzer, SqlAnalyzerOptions, SqlRequest } from './lineage/analysis.ts';
