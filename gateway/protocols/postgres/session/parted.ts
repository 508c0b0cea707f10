import { behindChange, type StatementFacts } from '../../../facts/sql/index.ts';
import type { Frame } from '../codec/frames.ts';
import { encodeClientMessage } from '../codec/frontend.ts';

/**
 * Whether a Query message has to be sent statement by statement: one of them changes what names mean to those behind it, and the message is read as a
 * whole before any of it runs. Left whole is what is not the same one by one: COPY, whose data travels in between, names that the session keeps, two-phase
 * commit.
 */
export function isParted(statements: readonly StatementFacts[]): boolean {
  const isBehind = ({ command }: StatementFacts) => command.analysis.reasons.includes(behindChange);
  return statements.some(isBehind) && statements.every(isSameAlone);
}

function isSameAlone({ command, handle, transaction }: StatementFacts): boolean {
  if (handle.op !== 'none' || command.copy !== null) return false;
  switch (transaction.verb) {
    case 'none':
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
    case 'rollback_to':
      return true;
    case 'prepare':
    case 'commit_prepared':
    case 'rollback_prepared':
      return false;
    default:
      return transaction satisfies never;
  }
}

/**
 * The same statements in the extended protocol, with one Sync: they run in one implicit transaction, up to the first that fails, and
 * BEGIN and COMMIT among them do what they do in a Query message.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT and #PROTOCOL-FLOW-PIPELINING
 */
export function partsOf(text: Buffer, statements: readonly StatementFacts[]): readonly Frame[] {
  const runs = statements.flatMap(({ location: { start, length } }) =>
    runOf(text.toString('utf8', start, start + length)),
  );
  // A Query message leaves no unnamed statement behind.
  return [
    ...runs,
    ...[{ type: 'close', what: 'statement', name: '' } as const, { type: 'sync' } as const].map(frameOf),
  ];
}

const nothing = { parameterFormats: [], parameters: [], resultFormats: [] };

function runOf(text: string): readonly Frame[] {
  return [
    frameOf({ type: 'parse', statement: '', text, parameterTypes: [] }),
    frameOf({ type: 'bind', portal: '', statement: '', ...nothing }),
    frameOf({ type: 'describe', what: 'portal', name: '' }),
    frameOf({ type: 'execute', portal: '', maxRows: 0 }),
  ];
}

function frameOf(message: Parameters<typeof encodeClientMessage>[0]): Frame {
  const buffer = encodeClientMessage(message);
  return { tag: buffer.readUInt8(0), buffer, start: 0, end: buffer.length };
}
