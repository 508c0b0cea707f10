import type { Assignment, Command, ParsedScript, PipelineNode, Redirection, SyntaxNode } from 'unbash';
import type { DynamicFact, DynamicReason, SshCommand } from '../../contract/command-ssh.ts';
import { quoted, type Draft } from './draft.ts';
import { Gathered } from './gathered.ts';
import { arithmeticIn, hazardsIn, isNumeric, type Hazards } from './hazards.ts';
import { limits, OverLimit } from './limits.ts';
import { plainName } from './names.ts';
import { builtinOf, type BuiltinReading } from './programs/builtins.ts';
import { nothing, readerOf, type Inner } from './programs/index.ts';
import { redirectsOf, type Redirects } from './redirects.ts';
import { transferOf } from './transfer.ts';
import { parseLine } from './tree.ts';
import { argumentOf, argumentOfEither, known, unknown, type Argument, type Shell } from './words.ts';

/** Where a command stands. */
interface Around {
  /** The text that positions count in. */
  readonly source: string;
  readonly shell: Shell;
  /** Lines within lines. */
  readonly depth: number;
  readonly wrappedBy: readonly string[];
  readonly substitution: SshCommand['substitution'];
  readonly pipeline: SshCommand['pipeline'] | undefined;
  /** Of the constructs around it. */
  readonly redirects: Redirects;
}

interface Simple {
  readonly words: readonly Argument[];
  readonly env: Draft['env'];
  readonly text: string;
  readonly dynamic: readonly DynamicFact[];
  readonly redirects: Redirects;
  /** Whether the shell itself runs it, so that a builtin's name means the builtin. */
  readonly isOfShell: boolean;
}

const noRedirects: Redirects = { facts: [], dynamic: [], effects: [], sets: [] };

/**
 * Reads one line, and the lines inside of it, into simple commands.
 * @param source the line: positions in `script` count in it
 * @throws OverLimit
 */
export function gather(script: ParsedScript, source: string, shell: Shell): Gathered {
  const reader = new Reader();
  reader.line(script, source, shell);
  return reader.gathered;
}

class Reader {
  readonly gathered = new Gathered();

  line(script: ParsedScript, source: string, shell: Shell): void {
    const around = { source, shell, depth: 0, wrappedBy: [], substitution: null, pipeline: undefined };
    this.#script(script, { ...around, redirects: noRedirects });
  }

  #script(script: ParsedScript, around: Around): void {
    const inside = { ...around, source: script.source ?? around.source, depth: around.depth + 1 };
    if (inside.depth > limits.depth) throw new OverLimit(`nested deeper than ${String(limits.depth)} lines`);
    this.#list(script, inside);
  }

  #list({ commands }: Pick<ParsedScript, 'commands'>, around: Around): void {
    for (const { command } of commands) {
      const inside = { ...around, pipeline: undefined };
      if (command.type === 'AndOr') for (const one of command.commands) this.#node(one, inside);
      else this.#node(command, inside);
    }
  }

  #node(node: PipelineNode, around: Around): void {
    const lists = (...bodies: readonly (Pick<ParsedScript, 'commands'> | undefined)[]): void => {
      for (const body of bodies) if (body) this.#list(body, around);
    };
    switch (node.type) {
      case 'Command':
        return this.#command(node, around);
      case 'Pipeline': {
        const names = node.commands.map((one) => headOf(one, around.shell));
        for (const [index, one] of node.commands.entries()) this.#node(one, { ...around, pipeline: { index, names } });
        return;
      }
      case 'If':
        return lists(node.clause, node.then, ...node.elif.flatMap(({ clause, then }) => [clause, then]), node.else);
      case 'While':
        return lists(node.clause, node.body);
      case 'Subshell':
      case 'BraceGroup':
        return lists(node.body);
      case 'For':
      case 'Select':
        this.gathered.sets(node.name.value, null, around.shell);
        this.#construct(node, node.type.toLowerCase(), node.wordlist ?? [], around);
        return lists(node.body);
      case 'ArithmeticFor': {
        const parts = [node.initialize, node.test, node.update].filter((one) => one !== undefined);
        this.#construct(node, '((', parts, around, parts.every(isNumeric) ? undefined : 'arithmetic');
        return lists(node.body);
      }
      case 'Case':
        this.#construct(node, 'case', [node.word, ...node.items.flatMap(({ pattern }) => pattern)], around);
        return lists(...node.items.map(({ body }) => body));
      case 'TestCommand': {
        const why = around.shell === 'bash' ? arithmeticIn(node.expression) : 'dialect';
        return this.#construct(node, '[[', [node.expression], around, why);
      }
      case 'ArithmeticCommand': {
        const { expression } = node;
        const computed = expression && isNumeric(expression) ? undefined : 'arithmetic';
        return this.#construct(
          node,
          '((',
          expression ? [expression] : [],
          around,
          around.shell === 'bash' ? computed : 'dialect',
        );
      }
      case 'Redirected': {
        const own = this.#redirects(node.redirects, around);
        const hazards = node.redirects.map((one) => hazardsIn(one, around.source, around.shell));
        const before = this.gathered.drafts.length;
        this.#node(node.command, { ...around, redirects: merged(around.redirects, own) });
        if (this.gathered.drafts.length === before)
          this.#construct(node, node.command.type.toLowerCase(), [], { ...around, redirects: own }, undefined, true);
        return this.#hazards(hazards, around, node);
      }
      case 'Function':
        this.gathered.defines(node.name.value);
        if (node.body.type === 'CompoundList') throw new TypeError('a function without a body');
        return this.#node(node.body, { ...around, pipeline: undefined });
      case 'Coproc':
        if (node.name) this.gathered.sets(node.name.value, null, around.shell);
        if (node.body.type === 'CompoundList') throw new TypeError('a coprocess without a body');
        return this.#node(node.body, { ...around, pipeline: undefined });
      default:
        return node satisfies never;
    }
  }

  /** A simple command as it stands in the source. */
  #command(node: Command, around: Around): void {
    const { source, shell } = around;
    const own = this.#redirects(node.redirects, around);
    const dynamic: DynamicFact[] = [...own.dynamic];
    const assignments = node.prefix.filter((one) => one.type === 'Assignment');
    const env = assignments.map((one) => this.#assignment(one, shell, dynamic));
    const words = [
      ...(node.name ? [argumentOf(node.name, shell)] : []),
      ...node.args.map((one) => argumentOfEither(one, shell)),
    ];
    const hazards = hazardsIn(node, source, shell);
    for (const name of hazards.sets) this.gathered.sets(name, null, around.shell);
    dynamic.push(...hazards.opaque.map(({ why, text }) => command(why, text)));
    const cut = shell === 'bash' ? undefined : cutIn(node);
    if (cut !== undefined) dynamic.push(command('dialect', source.slice(cut, node.end)));
    const text = source.slice(node.pos, node.end);
    this.#simple({ words, env, text, dynamic, redirects: own, isOfShell: true }, around);
    this.#substitutions(hazards, around);
  }

  #assignment(one: Assignment, shell: Shell, dynamic: DynamicFact[]): Draft['env'][number] {
    const value =
      one.value.type === 'Word' && one.append !== true ? argumentOf(one.value, shell) : unknown('variable', one.text);
    if (value.why) dynamic.push({ where: 'assignment', why: value.why, text: quoted(one.text) });
    this.gathered.sets(one.name, value.value, shell);
    return { name: one.name, value: value.value };
  }

  /** A simple command, as it stands in the line or as something else runs it. */
  #simple({ words, env, text, dynamic, redirects, isOfShell }: Simple, around: Around): void {
    const [first] = words;
    const name = first === undefined ? '' : first.value === null ? null : plainName(first.value);
    const all = merged(around.redirects, redirects);
    const draft: Draft = {
      kind: first === undefined ? (env.length > 0 ? 'assignment' : 'redirect') : name === null ? 'unknown' : 'program',
      name,
      words,
      text: quoted(text) === text ? text : text.slice(0, limits.line),
      env,
      redirects: all.facts,
      pipeline: around.pipeline ?? { index: 0, names: [name] },
      wrappedBy: around.wrappedBy,
      substitution: around.substitution,
      dynamic: [...dynamic, ...around.redirects.dynamic],
      effects: new Set(all.effects),
      transfer: transferOf(name, words),
    };
    this.gathered.add(draft);
    if (first === undefined) return;
    draft.effects.add('run');
    if (first.why) draft.dynamic.push(command(first.why, first.text));
    for (const word of words.slice(1)) {
      if (word.why) draft.dynamic.push({ where: 'argument', why: word.why, text: quoted(word.text) });
    }
    if (first.value === null || name === null) return;
    const builtin = isOfShell ? builtinOf(first.value, around.shell) : undefined;
    if (builtin) draft.kind = 'builtin';
    const args = words.slice(1);
    const reading: BuiltinReading = builtin
      ? builtin(args, around.shell)
      : (readerOf(first.value)?.(args, name) ?? nothing);
    if (reading.changes) this.gathered.changes(reading.changes, quoted(text));
    for (const { why, text: part } of reading.opaque) draft.dynamic.push(command(why, part));
    for (const effect of reading.effects) draft.effects.add(effect);
    const keepsBuiltins = builtin !== undefined && name !== 'exec';
    for (const one of reading.inner) this.#inner(one, draft, keepsBuiltins, around);
  }

  /** What a command runs in its turn. */
  #inner(inner: Inner, by: Draft, isOfShell: boolean, around: Around): void {
    const inside = {
      ...around,
      wrappedBy: [...around.wrappedBy, by.name ?? ''],
      redirects: {
        ...noRedirects,
        facts: by.redirects,
        effects: [...by.effects].filter((one) => one === 'read' || one === 'write'),
      },
    };
    if (inside.wrappedBy.length > limits.depth)
      throw new OverLimit(`nested deeper than ${String(limits.depth)} programs`);
    if ('words' in inner) {
      const env = [...by.env, ...(inner.env ?? [])];
      for (const { name, value } of inner.env ?? []) this.gathered.sets(name, value, around.shell);
      const text = inner.words.map((word) => word.text).join(' ');
      this.#simple({ words: inner.words, env, text, dynamic: [], redirects: noRedirects, isOfShell }, inside);
      return;
    }
    const { value, why, text } = inner.line;
    if (value === null) {
      by.dynamic.push(command(why ?? 'argument', text));
      return;
    }
    const parsed = parseLine(value);
    if (!parsed.ok) {
      by.dynamic.push(command('unparsed', text));
      return;
    }
    this.#script(parsed.script, { ...inside, source: value, shell: inner.shell, pipeline: undefined });
  }

  /** `for`, `case`, `[[ ]]`, `(( ))`: a command of its own where something of it is dynamic or redirected. */
  #construct(
    { pos, end }: { readonly pos: number; readonly end: number },
    name: string,
    parts: readonly SyntaxNode[],
    around: Around,
    why?: DynamicReason,
    isKept = false,
  ): void {
    const text = around.source.slice(pos, end);
    const hazards = parts.map((part) => hazardsIn(part, around.source, around.shell));
    const dynamic = hazards.flatMap(({ opaque }) => opaque.map((one) => command(one.why, one.text)));
    if (why) dynamic.push(command(why, text));
    const words = parts.flatMap((part) => (part.type === 'Word' ? [argumentOf(part, around.shell)] : []));
    for (const word of words) {
      if (word.why && name !== 'case') dynamic.push({ where: 'argument', why: word.why, text: quoted(word.text) });
    }
    if (dynamic.length > 0 || isKept) {
      const { facts, effects } = around.redirects;
      this.gathered.add({
        kind: 'construct',
        name,
        words: [known(name), ...words],
        text,
        env: [],
        redirects: facts,
        pipeline: around.pipeline ?? { index: 0, names: [name] },
        wrappedBy: around.wrappedBy,
        substitution: around.substitution,
        dynamic: [...dynamic, ...around.redirects.dynamic],
        effects: new Set(effects),
        transfer: null,
      });
    }
    for (const one of hazards) this.#substitutions(one, around);
  }

  /** Hazards that belong to no command. */
  #hazards(
    all: readonly Hazards[],
    around: Around,
    { pos, end }: { readonly pos: number; readonly end: number },
  ): void {
    for (const hazards of all) {
      for (const { why, text } of hazards.opaque) this.#construct({ pos, end }, text, [], around, why);
      this.#substitutions(hazards, around);
    }
  }

  #substitutions({ scripts, sets }: Hazards, around: Around): void {
    for (const name of sets) this.gathered.sets(name, null, around.shell);
    for (const { script, as } of scripts) {
      this.#script(script, { ...around, substitution: as, pipeline: undefined, redirects: noRedirects });
    }
  }

  #redirects(redirections: readonly Redirection[], around: Around): Redirects {
    const read = redirectsOf(redirections, around.shell);
    for (const name of read.sets) this.gathered.sets(name, null, around.shell);
    return read;
  }
}

function command(why: DynamicReason, text: string): DynamicFact {
  return { where: 'command', why, text: quoted(text) };
}

function merged(a: Redirects, b: Redirects): Redirects {
  return {
    facts: [...a.facts, ...b.facts],
    dynamic: [...a.dynamic, ...b.dynamic],
    effects: [...a.effects, ...b.effects],
    sets: [],
  };
}

/** Where dash ends a command and begins another: to it `a &>f b` is `a &` and `>f b`. */
function cutIn({ name, args, redirects }: Command): number | undefined {
  const cut = redirects.find((one) => one.type === 'Redirect' && (one.operator === '&>' || one.operator === '&>>'));
  return cut && [name, ...args].some((word) => word !== undefined && word.pos > cut.pos) ? cut.pos : undefined;
}

/** The name by which a part of a pipeline is called. */
function headOf(node: PipelineNode, shell: Shell): string | null {
  switch (node.type) {
    case 'Command': {
      const value = node.name ? argumentOf(node.name, shell).value : '';
      return value === null ? null : plainName(value);
    }
    case 'Redirected':
      return headOf(node.command, shell);
    default:
      return node.type.toLowerCase();
  }
}
