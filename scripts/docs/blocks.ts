/** One fenced block of a page. */
export interface Block {
  readonly file: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** From the comment right above it: `<!-- example: as=ana exit=1 skip="a reason" -->`. */
  readonly directives: ReadonlyMap<string, string>;
  /** The next `text` block, when it comes before another example: what the example prints. */
  readonly output: string | undefined;
}

/** Blocks of other languages are prose: `text` is output, `json` and the like are shapes. */
const runnable: ReadonlySet<string> = new Set(['sh', 'sql', 'rego', 'yaml', 'js', 'python', 'go']);

/** The examples of a page, in order. */
export function examplesOf(file: string, markdown: string): readonly Block[] {
  const blocks = blocksOf(file, markdown);
  return blocks.flatMap((block, i) => {
    if (!runnable.has(block.language)) return [];
    const next = blocks[i + 1];
    const output = next?.language === 'text' && !next.directives.has('other') ? next.text : undefined;
    return [{ ...block, output }];
  });
}

function blocksOf(file: string, markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let directives: ReadonlyMap<string, string> = new Map();
  let open: { readonly fence: string; readonly language: string; readonly line: number } | undefined;
  let body: string[] = [];
  for (const [i, line] of markdown.split('\n').entries()) {
    if (open) {
      if (line !== open.fence) body.push(line);
      else {
        blocks.push({ file, ...open, text: `${body.join('\n')}\n`, directives, output: undefined });
        [open, body, directives] = [undefined, [], new Map()];
      }
      continue;
    }
    const fence = /^(`{3,})(\w*)$/.exec(line);
    const comment = /^<!-- example: (.*) -->$/.exec(line);
    if (fence) open = { fence: fence[1] ?? '', language: fence[2] ?? '', line: i + 1 };
    else if (comment) directives = parseDirectives(comment[1] ?? '');
    else if (line.trim() !== '') directives = new Map();
  }
  if (open) throw new Error(`${file}:${String(open.line)}: a block that nothing closes`);
  return blocks;
}

/** `name`, `name=value` or `name="a value"`. */
function parseDirectives(text: string): ReadonlyMap<string, string> {
  const found = [...text.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?/g)];
  return new Map(found.map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']));
}
