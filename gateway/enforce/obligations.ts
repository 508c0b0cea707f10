import type { PostgresCommand } from '../contract/command-postgres.ts';
import type { SshCommand } from '../contract/command-ssh.ts';
import type { Command } from '../contract/command.ts';
import { type Decision, limitDimensions, type MaskMethod, smallestLimits } from '../contract/decision.ts';
import { detectorsIn } from '../contract/detector.ts';
import type { Exchange } from '../contract/exchange.ts';
import { columnMask, morePrivate, namesLabel } from '../contract/mask.ts';
import { namesPattern } from '../contract/pattern.ts';

type Results = Pick<Exchange, 'results' | 'canJudgeLines' | 'canMaskContents'>;

/** Why a yes is a no: it is bound to something that this result cannot carry. In words for whoever sent the command. */
export interface Undeliverable {
  readonly message: string;
  readonly hint: string;
}

/** Undefined where the result can carry all that the decision asks for. */
export function undeliverable(x: Results, command: Command, decision: Decision): Undeliverable | undefined {
  if (isUndeliverable(x, decision)) return uncarried(x, decision);
  switch (command.protocol) {
    case 'postgres': {
      const why = command.copy ? unmaskableCopy(command, decision) : undefined;
      if (why === undefined) return undefined;
      return {
        message: `denied: policy masks or searches the result, and on this COPY no mask can be put: ${why}`,
        hint: 'Use COPY ... TO STDOUT in text, CSV or binary, with UTF8 and NULL as it is.',
      };
    }
    case 'ssh':
      return isBroken(command, decision)
        ? {
            message: 'denied: policy masks what this prints, and a transfer whose bytes are changed is broken',
            hint: 'Copy by sftp, which leaves masked (scp without -O), or ask for a rule that leaves transfers out.',
          }
        : undefined;
    default:
      return undefined;
  }
}

function uncarried(x: Results, decision: Decision): Undeliverable {
  const hint = 'Ask for a rule that allows it as it is.';
  if (isLineLimitVain(x, decision))
    return {
      message:
        'denied: policy wants each line of a shell judged, and this is no shell with a terminal on a host that is known to have bash',
      hint,
    };
  switch (x.results) {
    case 'elsewhere':
      return {
        message: 'denied: policy masks or limits what this prints, which goes to the terminal of a shell',
        hint,
      };
    case 'rows':
      return {
        message:
          'denied: policy limits what only streams have, or masks by a pattern, which only streams are searched by',
        hint,
      };
    case 'contents':
      return x.canMaskContents === true
        ? {
            message: `denied: a file leaves as long as it is, masked by detectors and patterns, and with a limit of bytes; policy asks for something else`,
            hint,
          }
        : {
            message:
              'denied: policy masks or limits what this brings, and only a file that is opened to be read, and for nothing else, leaves masked',
            hint: 'Open it to read it, or ask for a rule that is about such opens alone.',
          };
    case 'stream':
    case 'carried':
      return {
        message: 'denied: policy masks the result or limits its rows, and what this prints are bytes without columns',
        hint,
      };
    default:
      return x.results satisfies never;
  }
}

/**
 * What two programs say to each other is no text. rsync and git check what they receive. The old scp checks lengths alone, and a mask can
 * keep them; it waits for answers in the middle of what a pattern would take for a line.
 */
function isBroken({ transfer }: SshCommand, { masks }: Decision): boolean {
  const labels = Object.keys(masks);
  if (transfer?.direction !== 'out' || labels.length === 0) return false;
  return transfer.tool !== 'scp' || labels.some(namesPattern) || !keepsLengths(masks);
}

function keepsLengths(masks: Decision['masks']): boolean {
  return !Object.values(masks).includes('null');
}

/** Why no mask can be put on what a COPY brings to the client, where one has to be. */
function unmaskableCopy({ copy, output }: PostgresCommand, { masks }: Decision): string | undefined {
  if (!copy || copy.direction !== 'out' || copy.to !== 'client' || copy.unmaskable === null) return undefined;
  const hasMask = detectorsIn(masks) !== undefined || output.some((column) => columnMask(column, masks));
  return hasMask ? copy.unmaskable : undefined;
}

/** Whether there is something that no result of this kind can carry. */
function isUndeliverable(x: Results, decision: Decision): boolean {
  if (isLineLimitVain(x, decision)) return true;
  const { results } = x;
  const { masks, limits } = decision;
  const labels = Object.keys(masks);
  const limited = limitDimensions.filter((dimension) => limits[dimension] !== undefined);
  switch (results) {
    case 'rows':
      return labels.some(namesPattern) || limited.some((one) => one === 'input_bytes' || one === 'seconds');
    case 'stream':
      return labels.some(namesLabel) || limited.includes('rows');
    case 'contents':
      return (labels.length > 0 && !areContentsMaskable(x, decision)) || limited.some((one) => one !== 'bytes');
    case 'carried':
      return labels.length > 0 || limited.includes('rows');
    case 'elsewhere':
      return labels.length > 0 || limited.length > 0;
    default:
      return results satisfies never;
  }
}

/** A copy is as long as its file, so nothing can be left out of it. */
function areContentsMaskable({ canMaskContents = false }: Results, { masks }: Decision): boolean {
  return canMaskContents && keepsLengths(masks) && !Object.keys(masks).some(namesLabel);
}

function isLineLimitVain({ canJudgeLines = false }: Results, { limits }: Decision): boolean {
  return limits.unjudged_lines !== undefined && (limits.unjudged_lines !== 0 || !canJudgeLines);
}

/** One stream answers all commands of an exchange: it is held to the smallest of their limits, and to all of their masks. */
export function obligationsOfAll(own: Decision, all: readonly { readonly decision: Decision }[]): Decision {
  const [only] = all;
  if (all.length === 1 && only?.decision === own) return own;
  const masks: { [label: string]: MaskMethod } = {};
  for (const { decision } of all)
    for (const [label, method] of Object.entries(decision.masks))
      masks[label] = morePrivate(masks[label] ?? method, method);
  return { ...own, masks, limits: smallestLimits(all.map(({ decision }) => decision.limits)) };
}
