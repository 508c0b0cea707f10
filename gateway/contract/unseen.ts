/**
 * What is in a text and cannot be seen: controls, signs that turn the direction of writing, what is drawn as nothing, and blanks that look like the space
 * and part no words (U+2800 is a Braille pattern without dots). Line feeds and tabs are not among them. Unicode's DerivedCoreProperties.txt.
 */
const unseen = /[^\P{C}\t\n]|[\u2028\u2029\u2800]|\p{Default_Ignorable_Code_Point}|[^\P{Zs} ]/u;
const everywhere = new RegExp(unseen, 'gu');

export function holdsUnseen(text: string): boolean {
  return unseen.test(text);
}

/** With what cannot be seen as its code point: `\u{202e}`. */
export function withUnseen(text: string): string {
  return text.replaceAll(everywhere, (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`);
}
