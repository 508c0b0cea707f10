import { Document, isMap, isPair, isSeq, isScalar, parseDocument, visit } from 'yaml';
import { fixtureFile } from '../../policy/lines/case.ts';

/** `input.target.labels`, from a fixture that is there: no database knows them. Undefined for a text that is none. */
export function labelsIn(text: string): Readonly<Record<string, string>> | undefined {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : fixtureFile.safeParse(document.toJS()).data?.labels;
}

/** The format of a fixture's section `postgres`; 1 where it does not say. */
export function formatIn(text: string): number {
  const format: unknown = parseDocument(text).getIn(['postgres', 'format']);
  return typeof format === 'number' ? format : 1;
}

const comment = ` A target as its lines are tested: what policy is told of it, and the catalog that SQL is read by.
 Written by \`sallyport policy catalog\`: run it again when the schema changes. \`labels\` are yours to set.`;
const width = 120;

/** The fixture as people would write it: what is short in one line, the query of a view as a text. */
export function fixtureText(fixture: { readonly protocol: string; readonly [section: string]: unknown }): string {
  const document = new Document(fixture);
  document.commentBefore = comment;
  visit(document, (_key, node, above) => {
    if (isSeq(node)) node.flow = !isRuleList(above.at(-1));
    // Relations and functions, one below the other: each of them in a line, not all of them.
    else if (isMap(node) && above.filter(isMap).length !== 2 && isShort(node.items)) node.flow = true;
    else if (isScalar(node) && typeof node.value === 'string' && node.value.includes('\n')) node.type = 'BLOCK_LITERAL';
    return undefined;
  });
  return document.toString({ lineWidth: width, flowCollectionPadding: false });
}

/** One rule to a line. */
function isRuleList(above: unknown): boolean {
  return isPair(above) && isScalar(above.key) && above.key.value === 'by_itself';
}

/** Nothing in it but words and lists of words. An empty one is `{}` either way. */
function isShort(items: readonly { readonly value: unknown }[]): boolean {
  return items.every(({ value }) => {
    if (isSeq(value)) return value.items.every((item) => isScalar(item));
    return isScalar(value) && !(typeof value.value === 'string' && value.value.includes('\n'));
  });
}
