import { posix } from 'node:path';

/**
 * Absolute and without `.`, `..` and double slashes, by its text alone: `..` behind a symbolic link takes the link away, and not where it leads
 * to. What is judged so is what is sent, so that no host reads it otherwise.
 * @param home where a relative path begins
 */
export function absolutePath(path: string, home: string): string {
  return posix.resolve('/', home, path);
}

/** What a symbolic link at `link` leads to, by its text alone. */
export function linkTarget(link: string, leadsTo: string): string {
  return absolutePath(leadsTo, posix.dirname(link));
}
