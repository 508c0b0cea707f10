import type { MaskMethod } from '../../contract/decision.ts';
import type { CellMask, ValueShape } from '../../contract/mask.ts';
import type { Masks } from '../../contract/ports.ts';
import { nothing } from './cell.ts';
import { hashForm } from './hash.ts';
import { keyedMask } from './keyed.ts';
import { partialMask } from './partial.ts';
import { labelPrf, type MaskKeys } from './prf.ts';
import { redactMask } from './redact.ts';
import { tokenForm } from './tokenize.ts';

/**
 * The masking functions, all of them: README.md in this folder says what each shows.
 * One cell mask for each method, label and shape is made once and kept; labels come from the bundle, so they are few.
 * @throws SallyportError `credential-missing` when the key is too short
 */
export function openMasks(keys: MaskKeys): Masks {
  // A bad key is found at the start, not at the first hashed column.
  labelPrf(keys, 'hash', '');
  const made = new Map<string, CellMask>();
  return {
    cellMask: (method, label, shape) => {
      const name = `${method} ${shape} ${label}`;
      const known = made.get(name);
      if (known) return known;
      const mask = makeMask(keys, method, label, shape);
      made.set(name, mask);
      return mask;
    },
  };
}

export type { MaskKeys };

function makeMask(keys: MaskKeys, method: MaskMethod, label: string, shape: ValueShape): CellMask {
  if (shape === 'other') return nothing(method);
  switch (method) {
    case 'null':
      return nothing('null');
    case 'redact':
      return redactMask(shape);
    case 'partial':
      return partialMask(label, shape);
    case 'hash':
      return keyedMask('hash', hashForm(labelPrf(keys, 'hash', label), shape), shape === 'boolean');
    case 'tokenize':
      return keyedMask('tokenize', tokenForm(labelPrf(keys, 'tokenize', label), shape), shape === 'boolean');
    default:
      return method satisfies never;
  }
}
