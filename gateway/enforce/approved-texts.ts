import type { Exchange } from '../contract/exchange.ts';

/** What an approver can still read; a digest stands for all of it. */
const maxShown = { parameters: 100, characters: 1_000 } as const;

/**
 * All that is approved, in the words that log and recording may have. A line of shell is that as it was sent, once: its commands alone do not say what a loop goes
 * through, where a group's output goes, and which of them runs when. A statement with `$1` in it says nothing without what `$1` is.
 */
export function approvedTexts(x: Exchange): readonly string[] {
  return x.commands.flatMap((command, i) => {
    if (command.protocol === 'ssh' && command.request === 'exec') return i === 0 ? [command.line] : [];
    const { text, params } = x.recordText(i);
    return [params.length === 0 ? text : `${text}\nwith ${shownParameters(params)}`];
  });
}

function shownParameters(params: readonly (string | null)[]): string {
  const shown = params
    .slice(0, maxShown.parameters)
    .map((value, i) => `$${i + 1} = ${value === null ? 'NULL' : quoted(value)}`);
  const more = params.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A value ends where its quote does, whatever is in it. */
function quoted(value: string): string {
  const more = value.length - maxShown.characters;
  const shown = `'${value.slice(0, maxShown.characters).replaceAll("'", "''")}'`;
  return more > 0 ? `${shown} and ${more} more characters` : shown;
}
