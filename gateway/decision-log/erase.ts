import type { PostgresCommand } from '../contract/command-postgres.ts';
import type { SshCommand } from '../contract/command-ssh.ts';
import { type Decided, mayHoldLabels, textForOthers } from '../contract/decided.ts';
import type { Finding } from '../contract/decision.ts';

/** What is left of a decision when nothing in it may hold a labelled value or a secret. Pointers are JSON's (RFC 6901), from the event's root. */
export interface Safe {
  readonly command: object;
  readonly findings: readonly object[];
  /** Members that were taken out. */
  readonly erased: readonly string[];
  /** Members that have something else in their place. */
  readonly masked: readonly string[];
}

/**
 * Where a statement may hold labelled values (`textForOthers`), everything that could quote one goes too: parameters, values of settings,
 * the words of findings; of a line of shell, all words but the names of programs. Fingerprint, names of columns and ids of rules stay.
 */
export function withoutValues({ command, decision, texts }: Decided): Safe {
  const { findings } = decision;
  switch (command.protocol) {
    case 'session':
    case 'admin':
      return { command, findings, erased: [], masked: [] };
    case 'postgres':
      return safeStatement(command, texts, findings);
    case 'ssh':
      return safeRequest(command, texts, findings);
    default:
      return command satisfies never;
  }
}

function safeStatement(command: PostgresCommand, texts: Decided['texts'], findings: readonly Finding[]): Safe {
  const labelled = mayHoldLabels(command);
  const quiet = labelled || texts.text !== command.text;
  const text = textForOthers({ command, texts });
  const { params: raw, set, ...rest } = command;
  const erased: string[] = [];
  const masked: string[] = [];
  if (text !== command.text) masked.push('/input/command/text');
  const keepParams = !labelled || raw.length === 0;
  if (!keepParams) erased.push('/input/command/params');
  for (const [i, param] of texts.params.entries()) {
    if (keepParams && param !== raw[i]) masked.push(`/input/command/params/${i}`);
  }
  return {
    command: {
      ...rest,
      text,
      set: quiet ? set.map(({ name }, i) => (erased.push(`/input/command/set/${i}/value`), { name })) : set,
      ...(keepParams && { params: texts.params }),
    },
    findings: quiet ? findings.map((finding, i) => wordless(finding, i, erased)) : findings,
    erased,
    masked,
  };
}

/** A line of shell does not say which of its words is a secret: where one may be, only the names of programs stay. */
function safeRequest(command: SshCommand, texts: Decided['texts'], findings: readonly Finding[]): Safe {
  if (!mayHoldLabels(command) && texts.text === command.text) return { command, findings, erased: [], masked: [] };
  const { line: _line, argv: _argv, env: _env, redirects: _redirects, dynamic: _dynamic, ...rest } = command;
  const { parse_error: _error, transfer: _transfer, file: _file, forward: _forward, ...kept } = rest;
  const gone = ['line', 'argv', 'env', 'redirects', 'dynamic', 'parse_error', 'transfer', 'file', 'forward'];
  const erased = gone.map((name) => `/input/command/${name}`);
  return {
    command: { ...kept, text: textForOthers({ command, texts }) },
    findings: findings.map((finding, i) => wordless(finding, i, erased)),
    erased,
    masked: ['/input/command/text'],
  };
}

/** Rules may quote the command in what they say. */
function wordless({ msg: _msg, hint, ...rest }: Finding, i: number, erased: string[]): object {
  erased.push(`/result/findings/${i}/msg`);
  if (hint !== undefined) erased.push(`/result/findings/${i}/hint`);
  return rest;
}
