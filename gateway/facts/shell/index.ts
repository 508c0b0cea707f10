/**
 * What a line of shell means. In the order of reading:
 *
 * - `tree.ts` parses, with errors wherever they are; `words.ts` says what a word becomes, `hazards.ts` what else expansions do
 * - `reader.ts` walks the tree and finds simple commands, those inside of others included; `gathered.ts` keeps them, and what the line does to its own words
 * - `programs/` knows how programs and builtins take the words with which they run others
 * - `line.ts` makes commands of it
 *
 * Nothing is guessed: what the words do not say is `dynamic`, with the reason.
 */
export { readLine, commandKey, type ShellLine } from './line.ts';
export { typedLine } from './typed.ts';
export { shellRequest, sshRequest } from './request.ts';
export { limits as shellLimits } from './limits.ts';
export type { Shell } from './words.ts';
