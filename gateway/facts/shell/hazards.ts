import {
  forEachChild,
  type ArithmeticExpression,
  type ParameterExpansionPart,
  type ParsedScript,
  type SyntaxNode,
  type TestExpression,
  type Word,
  type WordPart,
} from 'unbash';
import type { DynamicReason } from '../../contract/command-ssh.ts';
import { literalOf, type Shell } from './words.ts';

/** What expansions inside of words do beside giving a value. */
export interface Hazards {
  /** Scripts that run: `$(...)`, `<(...)`. */
  readonly scripts: readonly { readonly script: ParsedScript; readonly as: 'command' | 'process' }[];
  /** Code that cannot be known: `$((x))`, `${x@P}`, `${!x}`, an index. */
  readonly opaque: readonly { readonly why: DynamicReason; readonly text: string }[];
  /** Variables that are set: `${x:=word}`. */
  readonly sets: readonly string[];
}

/**
 * Looks through everything below a node, but not into nested scripts, which are read as lines of their own.
 * @param source the text that positions count in
 */
export function hazardsIn(node: SyntaxNode, source: string, shell: Shell): Hazards {
  const scripts: { script: ParsedScript; as: 'command' | 'process' }[] = [];
  const opaque: { why: DynamicReason; text: string }[] = [];
  const sets: string[] = [];
  const bad = (why: DynamicReason, at: { readonly pos: number; readonly end: number }): void => {
    opaque.push({ why, text: source.slice(at.pos, at.end) });
  };
  const visit = (one: SyntaxNode): void => {
    switch (one.type) {
      case 'Script':
        return;
      case 'CommandExpansion':
      case 'ArithmeticCommandExpansion':
        if (one.script) scripts.push({ script: one.script, as: 'command' });
        // A command's output that is computed is code as well: an index in it runs.
        if (one.type === 'ArithmeticCommandExpansion') bad('arithmetic', one);
        // ${ a; } and ${| a; } run in bash from 5.3 on, mksh and ksh; to others they are no expansion, and end somewhere else.
        else if (source.startsWith('${', one.pos)) bad('dialect', one);
        return;
      case 'ProcessSubstitution':
        if (one.script) scripts.push({ script: one.script, as: 'process' });
        return;
      case 'ArithmeticExpansion':
        if (one.expression === undefined || !isNumeric(one.expression)) bad('arithmetic', one);
        break;
      case 'AnsiCQuoted':
        // To a shell that does not know $'...' the quotes end at the first \', and what follows runs.
        if (shell !== 'bash' && one.text.includes("\\'")) bad('dialect', one);
        return;
      case 'ParameterExpansion':
        parameter(one, bad, sets);
        break;
      case 'DoubleQuoted':
      case 'LocaleString':
      case 'HereDocBody':
        // Whether single quotes within "${x:-'}'}" are quotes, and so where it ends.
        if (shell !== 'bash' && (one.parts?.some(hasQuotes) === true || isFlagged(one.parts ?? [])))
          bad('dialect', one);
        break;
      case 'ExtendedGlob':
        // To zsh *(e:rm x:) is code.
        if (shell !== 'bash') bad('dialect', one);
        break;
      case 'Word':
        // zsh ends a group at a } anywhere, and goes on: { a } always { b; }. To it =ls is /bin/ls.
        if (shell !== 'bash' && isForeign(one)) bad('dialect', one);
        break;
      case 'ArrayValue':
        for (const element of one.elements) {
          // a=([x]=1) computes x.
          if (element.text.startsWith('[') && !/^\[\d+\]/.test(element.text)) bad('arithmetic', element);
          // Without extglob bash stops in the middle of the list, and runs what comes after.
          if (element.parts?.some((part) => part.type === 'ExtendedGlob')) bad('dialect', element);
        }
        break;
      case 'Assignment':
        if (one.index !== undefined && !isNumber(one.index.text)) bad('arithmetic', one);
        break;
      default:
        break;
    }
    forEachChild(one, visit);
  };
  visit(node);
  return { scripts, opaque, sets };
}

/** What zsh and others read into expansions: `$~x` and `*(e:rm x:)` are patterns with code, `$x[i]` computes an index. */
function isFlagged(parts: readonly WordPart[]): boolean {
  return parts.some((part, i) => {
    switch (part.type) {
      case 'Literal':
        return /(?:^|[^\\])\$[~=^+]/.test(part.text);
      case 'SimpleExpansion':
        return parts[i + 1]?.text.startsWith('[') === true;
      case 'ParameterExpansion':
        return /[?*+@!]\(/.test(part.text);
      default:
        return false;
    }
  });
}

function isForeign(word: Word): boolean {
  const parts = word.parts ?? [literalOf(word)];
  const bare = parts.map((part) => (part.type === 'Literal' ? part.text.replaceAll(/\\[\s\S]/g, '') : '')).join('');
  return /^=\w/.test(word.text) || bare.split('{').length !== bare.split('}').length || isFlagged(parts);
}

function hasQuotes(part: WordPart): boolean {
  return part.type === 'ParameterExpansion' && part.text.includes("'");
}

function parameter(
  part: ParameterExpansionPart,
  bad: (why: DynamicReason, at: ParameterExpansionPart) => void,
  sets: string[],
): void {
  const { prefix, operation, index } = part;
  if (index !== undefined && !/^(?:\d+|@|\*)$/.test(index.text)) bad('arithmetic', part);
  // The value of a variable is taken for a name, and a name may have an index.
  if (prefix === '!' && operation?.type !== 'Names' && !/^\$\{!\w+\[[@*]\]\}$/.test(part.text)) bad('variable', part);
  switch (operation?.type) {
    case 'Default':
      if (operation.operator.endsWith('=')) sets.push(part.parameter);
      return;
    case 'Slice':
      if (!isNumber(operation.offset.text) || (operation.length && !isNumber(operation.length.text)))
        bad('arithmetic', part);
      return;
    case 'Transform':
      if (!/^[QEAaUuLKk]$/.test(operation.operand.text)) bad('eval', part);
      return;
    case 'Unknown':
      bad('unparsed', part);
      return;
    default:
      return;
  }
}

/** `[[ a -eq b ]]` computes both sides. */
export function arithmeticIn(test: TestExpression): DynamicReason | undefined {
  switch (test.type) {
    case 'TestUnary':
      return /^-[vR]$/.test(test.operator) && !/^\w+$/.test(test.operand.text) ? 'arithmetic' : undefined;
    case 'TestBinary':
      return /^-(?:eq|ne|lt|le|gt|ge)$/.test(test.operator) && !(isNumber(test.left.text) && isNumber(test.right.text))
        ? 'arithmetic'
        : undefined;
    case 'TestLogical':
      return test.operands.map(arithmeticIn).find((why) => why);
    case 'TestNot':
      return arithmeticIn(test.operand);
    case 'TestGroup':
      return arithmeticIn(test.expression);
    default:
      return test satisfies never;
  }
}

/** Only numbers: any name could be a variable whose value is computed in its turn. */
export function isNumeric(expression: ArithmeticExpression): boolean {
  switch (expression.type) {
    case 'ArithmeticWord':
      return isNumber(expression.value);
    case 'ArithmeticBinary':
      return isNumeric(expression.left) && isNumeric(expression.right);
    case 'ArithmeticUnary':
      return isNumeric(expression.operand);
    case 'ArithmeticTernary':
      return [expression.test, expression.consequent, expression.alternate].every(isNumeric);
    case 'ArithmeticGroup':
      return isNumeric(expression.expression);
    case 'ArithmeticCommandExpansion':
      return false;
    default:
      return expression satisfies never;
  }
}

function isNumber(text: string): boolean {
  return /^\s*-?\d+\s*$/.test(text);
}
