import type { Ledger } from './ledger.ts';
import { constant, integer, isNode, node, nodes, only, text, type Node } from '../text/node.ts';

/** SET, RESET and the SET clauses of other statements. `*` is every setting, or one whose name is not known. */
export function readSetting(ledger: Ledger, body: Node): void {
  const name = text(body, 'name').toLowerCase();
  switch (text(body, 'kind')) {
    case 'VAR_SET_MULTI':
      // SET TRANSACTION, SET SESSION CHARACTERISTICS, SET TRANSACTION SNAPSHOT
      for (const arg of nodes(body, 'args')) {
        const option = only(arg, 'DefElem');
        if (option) ledger.settings.push({ name: text(option, 'defname'), value: optionValue(option) });
      }
      return;
    case 'VAR_RESET_ALL':
      setting(ledger, '*', null);
      return;
    case 'VAR_SET_VALUE':
      setting(ledger, name, nodes(body, 'args').map(settingText).join(', '));
      return;
    default:
      setting(ledger, name, null);
  }
}

export function setting(ledger: Ledger, name: string, value: string | null): void {
  ledger.settings.push({ name, value });
  // `$user` in the path follows the role.
  if (['*', 'search_path', 'role', 'session_authorization'].includes(name)) ledger.changesSearchPath = true;
  if (/passw|secret|token|conninfo|passphrase|_key\b/.test(name)) ledger.secret = true;
}

function settingText(arg: Node): string {
  return constant(arg) ?? '';
}

function optionValue(option: Node): string | null {
  const arg = option['arg'];
  return isNode(arg) ? (constant(arg) ?? null) : null;
}

/** An option that is on: alone, or with any value the server reads as true. https://www.postgresql.org/docs/current/sql-explain.html */
export function isOn(option: Node): boolean {
  const arg = node(option, 'arg');
  if (!arg) return true;
  if ('Integer' in arg) return integer(node(arg, 'Integer') ?? {}, 'ival') !== 0;
  return !/^(false|off|0|no|f|n|fa|fal|fals|of)$/i.test(constant(arg) ?? 'true');
}
