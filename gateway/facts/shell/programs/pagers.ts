import type { Argument } from '../words.ts';

const always = /^/;
const listing = /^(?:status|list-|cat$|show|help$)/;
/** Programs that show what they print at a terminal through a pager, by the word that makes them do so. */
const pagers: ReadonlyMap<string, RegExp> = new Map([
  ['git', /^(?:log|diff|show|blame|branch|tag|reflog|grep|shortlog|whatchanged|stash|config|range-diff|help)$/],
  ['systemctl', listing],
  ['machinectl', listing],
  ['loginctl', always],
  ['networkctl', always],
  ['resolvectl', always],
  ['coredumpctl', always],
  ['journalctl', always],
  ['timedatectl', always],
  ['localectl', always],
  ['bootctl', always],
  ['udevadm', always],
  ['dmesg', /^(?:-\w*H|--human)/],
  ['dpkg', /^(?:-[lsLSpC]|--(?:list|status|listfiles|search|print-avail|audit))/],
  ['dpkg-query', always],
  ['apt', /^(?:list|show|search|policy)$/],
  ['bat', always],
  ['batcat', always],
  ['gh', always],
]);

/**
 * Whether this starts a pager where its output is a terminal: a pager takes keys, and `!` and `v` run programs.
 * @param words the name first
 */
export function startsPager(name: string | null, words: readonly Argument[]): boolean {
  const by = name === null ? undefined : pagers.get(name);
  const values = words.slice(1).map(({ value }) => value);
  if (by === undefined || values.includes('--no-pager')) return false;
  return by === always || values.some((value) => value === null || by.test(value));
}
