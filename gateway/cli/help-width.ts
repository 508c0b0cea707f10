const continued = '    ';

/**
 * Help as wide as the terminal: commander folds descriptions, and leaves what stands behind them as it is. Prose is folded at spaces; a command
 * that somebody may copy (it stands behind two spaces) at spaces outside of quotes, with the shell's own sign that it goes on.
 * @param width columns
 */
export function foldHelp(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      if (line.length <= width) return line;
      if (/^ {2}\S/.test(line) && !line.includes('   '))
        return fold(line, wordsOf(line), width - 2, ` \\\n${continued}`);
      return line.startsWith(' ') ? line : fold(line, line.split(' '), width, '\n');
    })
    .join('\n');
}

/** At spaces outside of quotes and of `$(...)`; a flag and its value stay together. */
function wordsOf(line: string): readonly string[] {
  const word = /(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"'])+/.source;
  return [...line.trimStart().matchAll(new RegExp(`--[a-z-]+ (?!-)${word}|${word}`, 'g'))].map(([found]) => found);
}

function fold(line: string, words: readonly string[], width: number, between: string): string {
  const [first = '', ...rest] = words;
  const indent = /^ */.exec(line)?.[0] ?? '';
  let text = indent + first;
  let used = text.length;
  for (const word of rest) {
    const fits = used + 1 + word.length <= width;
    text += fits ? ` ${word}` : `${between}${word}`;
    used = fits ? used + 1 + word.length : (between.split('\n')[1]?.length ?? 0) + word.length;
  }
  return text;
}
