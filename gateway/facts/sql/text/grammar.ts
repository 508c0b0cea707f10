import type { Json } from '../../../contract/principal.ts';
import { isNode, node, nodes, type Node } from './node.ts';

/** Newest major whose grammar is here. */
export const newestMajor = 18;

export interface RawStatement {
  readonly tree: Node;
  /** In UTF-8 bytes of the whole text; a length of 0 reaches to the end. */
  readonly start: number;
  readonly length: number;
}

export type Parsed =
  | { readonly ok: true; readonly statements: readonly RawStatement[] }
  | { readonly ok: false; readonly message: string; readonly position: number };

/** PostgreSQL's own parser of one major, compiled to WebAssembly. */
export interface Grammar {
  /** @throws anything but a syntax error: after that the module may be broken for good, and its thread has to go */
  parse(text: string): Parsed;
}

export interface Token {
  /** UTF-8 bytes. */
  readonly start: number;
  readonly end: number;
}

/** What only the build of the newest major offers. */
export interface Lexer {
  /** Undefined where it refuses what an older one took (`123abc` before 16). */
  tokens(text: string): readonly Token[] | undefined;
}

interface Build {
  loadModule(): Promise<void>;
  parseSync(text: string): unknown;
}

/** @returns undefined for a major that no grammar here reads */
export async function loadGrammar(major: number): Promise<Grammar | undefined> {
  const build = await importBuild(major);
  if (!build) return undefined;
  await build.loadModule();
  return { parse: (text) => parseWith(build, text) };
}

export async function loadLexer(): Promise<Lexer> {
  const build = await import('libpg-query');
  await build.loadModule();
  return {
    tokens(text) {
      const scanned = quietly(() => build.scanSync(text));
      return scanned?.tokens.map((token) => ({ start: token.start, end: token.end }));
    },
  };
}

/** `scan` throws a plain error on what its lexer refuses; a broken module throws RangeError or RuntimeError, and that goes on. */
function quietly<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError')) throw error;
    return undefined;
  }
}

async function importBuild(major: number): Promise<Build | undefined> {
  switch (major) {
    case 15:
      return import('libpg-query-15');
    case 16:
      return import('libpg-query-16');
    case 17:
      return import('libpg-query-17');
    case newestMajor:
      return import('libpg-query');
    default:
      return undefined;
  }
}

function parseWith(build: Build, text: string): Parsed {
  let result: unknown;
  try {
    // Builds before 18 refuse what JavaScript calls blank, a no-break space too, with an error of their own. An empty comment lets them
    // say what the server says: nothing, or a syntax error.
    result = build.parseSync(text.trim() === '' ? `${text}--` : text);
  } catch (error) {
    // Each build has a class SqlError of its own; the name is what they share.
    if (!(error instanceof Error) || error.name !== 'SqlError') throw error;
    return { ok: false, message: error.message, position: cursorPosition(error) };
  }
  const statements = nodes(asNode(result), 'stmts');
  return {
    ok: true,
    statements: statements.map((raw) => ({
      tree: node(raw, 'stmt') ?? {},
      start: asNumber(raw['stmt_location']),
      length: asNumber(raw['stmt_len']),
    })),
  };
}

/** 1-based, in characters, as the server counts; the library took 1 off. */
function cursorPosition(error: Error): number {
  const details: unknown = 'sqlDetails' in error ? error.sqlDetails : undefined;
  if (typeof details !== 'object' || details === null || !('cursorPosition' in details)) return 0;
  return typeof details.cursorPosition === 'number' ? details.cursorPosition + 1 : 0;
}

function asNode(tree: unknown): Node {
  // JSON.parse made it: it is JSON.
  const json = tree as Json;
  return isNode(json) ? json : {};
}

function asNumber(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}
