import type { ValueShape } from '../../contract/mask.ts';
import { versionOfToken } from './tokenize.ts';

/** Where an output has a byte for the version: in two hex digits. */
const bytes: Partial<Record<ValueShape, RegExp>> = {
  json: /^"([0-9a-f]{2})[0-9a-f]{24}"$/,
  xml: /^<hash>([0-9a-f]{2})[0-9a-f]{24}<\/hash>$/,
  uuid: /^([0-9a-f]{2})[0-9a-f]{6}-/,
  network: /^fd([0-9a-f]{2}):/,
};
const bytesOfHashes: typeof bytes = {
  ...bytes,
  text: /^([0-9a-f]{2})[0-9a-f]{24}$/,
  bytes: /^\\x([0-9a-f]{2})[0-9a-f]{32}$/,
};

/**
 * Which of `versions` of the masking key may have made a keyed output: all of them where its form has no room to say it. An output says nothing of whether
 * it is one at all.
 */
export function versionsOf(
  method: 'hash' | 'tokenize',
  shape: ValueShape,
  output: string,
  versions: readonly number[],
): readonly number[] {
  const inHex = (method === 'hash' ? bytesOfHashes : bytes)[shape]?.exec(output)?.[1];
  if (inHex !== undefined) return versions.filter((version) => version === Number.parseInt(inHex, 16));
  const quarter = method === 'tokenize' && shape === 'text' ? versionOfToken(output) : undefined;
  if (quarter === undefined) return versions;
  // The token of a text without letters and digits is a hash.
  const hashed = bytesOfHashes.text?.exec(output)?.[1];
  return versions.filter(
    (version) => version % 4 === quarter || (hashed !== undefined && version === Number.parseInt(hashed, 16)),
  );
}
