/** Directories whose programs are those that a plain name means. */
const systemPath = /^\/+(?:usr\/+(?:local\/+)?)?s?bin\/+([^/]+)$/;

/** `ls` for `ls` and `/usr/bin/ls`; any other path as it is written. */
export function plainName(word: string): string {
  return systemPath.exec(word)?.[1] ?? word;
}
