import type { MaskMethod } from './decision.ts';

/** What can be recognised in a text by its form alone. `token`: access tokens and private keys. */
export const detectors = ['card', 'ssn', 'iban', 'email', 'phone', 'token'] as const;
export type Detector = (typeof detectors)[number];

/** In the place of a label, in a mask: texts that carry no masked label are searched by that detector. */
const prefix = 'detector:';

export function namesDetector(label: string): boolean {
  return label.startsWith(prefix);
}

/** The detector that stands in the place of a label; undefined where it is none that there is. */
export function detectorOf(label: string): Detector | undefined {
  return namesDetector(label) ? detectors.find((detector) => labelOf(detector) === label) : undefined;
}

/** What masks call it. */
export function labelOf(detector: Detector): string {
  return `${prefix}${detector}`;
}

/** The detectors that masks ask for, with the method of each; undefined for none, as for almost every command. */
export function detectorsIn(masks: {
  readonly [label: string]: MaskMethod;
}): ReadonlyMap<Detector, MaskMethod> | undefined {
  let found: Map<Detector, MaskMethod> | undefined;
  for (const label in masks) {
    const detector = detectorOf(label);
    const method = masks[label];
    if (detector === undefined || method === undefined) continue;
    found ??= new Map();
    found.set(detector, method);
  }
  return found;
}
