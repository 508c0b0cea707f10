import type { MaskMethod } from '../../contract/decision.ts';
import type { CellMask, ValueShape } from '../../contract/mask.ts';
import type { Masks } from '../../contract/ports.ts';
import { nothing } from './cell.ts';
import { isFormed } from './form.ts';
import { hashForm } from './hash.ts';
import { keyedMask } from './keyed.ts';
import { partialMask } from './partial.ts';
import { labelPrf, type MaskKey } from './prf.ts';
import { redactMask } from './redact.ts';
import { tokenForm } from './tokenize.ts';

export interface OpenMasks extends Masks {
  /** Results that begin from now on are masked with this key; one that has begun keeps its own to its end. @throws as `openMasks` */
  rotate(key: MaskKey): void;
}

/**
 * The masking functions, all of them: README.md in this folder says what each shows.
 * One cell mask for each method, label and shape is made once and kept; labels come from the bundle, so they are few.
 * @throws SallyportError `credential-missing` when the key is too short
 */
export function openMasks(key: MaskKey): OpenMasks {
  let current = checked(key);
  let made = new Map<string, CellMask>();
  return {
    rotate: (next) => {
      current = checked(next);
      made = new Map();
    },
    cellMask: (method, label, shape) => {
      const name = `${method} ${shape} ${label}`;
      const known = made.get(name);
      if (known) return known;
      const mask = makeMask(current, method, label, shape);
      made.set(name, mask);
      return mask;
    },
  };
}

export type { MaskKey };

/** A bad key is found at the start, not at the first hashed column. */
function checked(key: MaskKey): MaskKey {
  labelPrf(key, 'hash', '');
  return key;
}

function makeMask(key: MaskKey, method: MaskMethod, label: string, shape: ValueShape): CellMask {
  if (shape === 'other') return nothing(method);
  switch (method) {
    case 'null':
      return nothing('null');
    case 'redact':
      return redactMask(shape);
    case 'partial':
      return partialMask(label, shape);
    case 'hash':
    case 'tokenize': {
      if (!isFormed(shape)) return { ...redactMask(shape), method };
      const prf = labelPrf(key, method, label);
      const form = method === 'hash' ? hashForm : tokenForm;
      return keyedMask(method, prf, form(prf, shape));
    }
    default:
      return method satisfies never;
  }
}
