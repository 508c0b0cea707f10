import type { Call, Module } from './ast.ts';
import { walkRule } from './literals.ts';
import type { LintCheck, Problem } from './problem.ts';

/** Calls that make a decision one that nobody can repeat, or that WebAssembly does not have, and what takes their place. */
const instead: Readonly<Record<string, readonly [check: LintCheck, instead: string]>> = {
  sprintf: ['sprintf', 'A template string: $"{input.command.action} on {name}".'],
  'time.now_ns': ['non-deterministic', 'input.now: unix_ms, rfc3339, weekday, minute_of_day.'],
  'rand.intn': ['non-deterministic', 'Nothing: a decision does not depend on chance.'],
  'uuid.rfc4122': ['non-deterministic', 'input.request_id, which is unique.'],
  'http.send': ['non-deterministic', 'Data in the bundle: policies do not call anybody.'],
  'net.lookup_ip_addr': ['non-deterministic', 'input.client.ip with net.cidr_contains.'],
  'opa.runtime': ['non-deterministic', 'Data in the bundle.'],
  'io.jwt.decode_verify': ['non-deterministic', 'input.principal: the gateway has verified the token.'],
  'io.jwt.encode_sign': ['non-deterministic', 'Nothing: policies issue no tokens.'],
  'io.jwt.encode_sign_raw': ['non-deterministic', 'Nothing: policies issue no tokens.'],
};

export function builtInProblems(module: Module): readonly Problem[] {
  const found: Problem[] = [];
  const onCall = ({ operator, location }: Call) => {
    const known = Object.hasOwn(instead, operator) ? instead[operator] : undefined;
    if (known === undefined) return;
    const [check, replacement] = known;
    const message = check === 'sprintf' ? 'WebAssembly has no sprintf' : `${operator} answers differently each time`;
    found.push({ ...location, file: module.file, check, severity: 'error', message, instead: replacement });
  };
  for (const rule of module.rules) walkRule(rule, new Map(), onCall);
  return found;
}
