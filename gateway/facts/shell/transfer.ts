import type { TransferFact } from '../../contract/command-ssh.ts';
import type { Argument } from './words.ts';

/** What a line is that another program sent: one side of a transfer. Null for any other. */
export function transferOf(name: string | null, words: readonly Argument[]): TransferFact | null {
  const [, ...args] = words;
  switch (name) {
    case 'scp':
      return scp(args);
    case 'rsync':
      return args[0]?.value === '--server' ? rsync(args) : null;
    case 'git-upload-pack':
    case 'git-upload-archive':
      return { tool: 'git', direction: 'out', paths: operands(args) };
    case 'git-receive-pack':
      return { tool: 'git', direction: 'in', paths: operands(args) };
    case 'git': {
      const [sub, ...rest] = args;
      const isPack = /^(?:upload-pack|upload-archive|receive-pack)$/.test(sub?.value ?? '');
      return isPack ? transferOf(`git-${sub?.value ?? ''}`, [...words.slice(0, 1), ...rest]) : null;
    }
    default:
      return null;
  }
}

function scp(args: readonly Argument[]): TransferFact | null {
  const letters = args.map(({ value }) => (/^-[a-zA-Z0-9]+$/.test(value ?? '') ? (value ?? '') : '')).join('');
  if (letters.includes('t')) return { tool: 'scp', direction: 'in', paths: operands(args) };
  return letters.includes('f') ? { tool: 'scp', direction: 'out', paths: operands(args) } : null;
}

/** `rsync --server [--sender] OPTIONS . PATHS`: the first operand is a dot that stands for the other side. */
function rsync(args: readonly Argument[]): TransferFact {
  const isSender = args.some((word) => word.value === '--sender');
  return { tool: 'rsync', direction: isSender ? 'out' : 'in', paths: operands(args).slice(1) };
}

function operands(args: readonly Argument[]): readonly (string | null)[] {
  const end = args.findIndex((word) => word.value === '--');
  const before = end < 0 ? args : args.slice(0, end);
  const after = end < 0 ? [] : args.slice(end + 1);
  return [...before.filter((word) => word.value?.startsWith('-') !== true), ...after].map((word) => word.value);
}
