import type { Json, Principal } from '../contract/principal.ts';
import { claimAt, fillTemplate, isClaims, parseClaimPath, parseTemplate } from './claim-path.ts';
import type { ClaimPath, Claims, Template } from './claim-path.ts';
import type { ClaimRules } from './config.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** What the claims of a verified token say of its bearer. */
export type Identified = Pick<Principal, 'id' | 'kind' | 'groups' | 'claims' | 'acts_for'>;

/** The claim rules of one issuer, read once. */
export interface ClaimReader {
  read(claims: Claims): { readonly ok: true; readonly who: Identified } | Refusal;
}

/** Longer chains of delegation than this are nobody's plan. */
const maxActors = 8;
const maxIdLength = 256;
/** Names that the audit log gives to others. */
const reservedIds: readonly string[] = ['-', 'gateway'];

export function claimReader(rules: ClaimRules): ClaimReader {
  const id = parseTemplate(rules.id);
  const groups = rules.groups === undefined ? undefined : parseClaimPath(rules.groups);
  const actor = parseClaimPath(rules.acts_for ?? 'act');
  const kind = rules.kind && { ...rules.kind, path: parseClaimPath(rules.kind.claim) };
  const pass = (rules.pass ?? []).map((text) => [text, parseClaimPath(text)] as const);

  return {
    read(claims) {
      const chain = readChain(claims, actor, id);
      if (!chain.ok) return chain;
      const [self, ...others] = chain.ids;
      if (self === undefined) return refuse('bad_claim', `"${rules.id}" has no text to use as id`);
      const memberOf = groups ? readGroups(claims, groups) : { ok: true as const, groups: [] };
      if (!memberOf.ok) return memberOf;
      return {
        ok: true,
        who: {
          id: self,
          kind: readKind(claims, kind),
          groups: memberOf.groups,
          claims: passed(claims, pass),
          acts_for: others,
        },
      };
    },
  };
}

/**
 * Who acts, then on whose behalf, nearest first. RFC 8693 section 4.1 writes it the other way round: the token's own claims are the
 * one who is acted for, `act` is who acts now, and `act` inside `act` who acted before.
 */
function readChain(claims: Claims, actor: ClaimPath, id: Template): { ok: true; ids: readonly string[] } | Refusal {
  const ids: string[] = [];
  let at: Json | undefined = claimAt(claims, actor);
  while (at !== undefined) {
    if (!isClaims(at)) return refuse('bad_claim', `"${actor.join('.')}" is not an object`);
    if (ids.length === maxActors) return refuse('bad_claim', `more than ${maxActors} actors`);
    const found = readId(at, id);
    if (!found.ok) return found;
    ids.push(found.id);
    at = Object.hasOwn(at, 'act') ? at['act'] : undefined;
  }
  const subject = readId(claims, id);
  if (!subject.ok) return subject;
  return { ok: true, ids: [...ids, subject.id] };
}

function readId(claims: Claims, template: Template): { ok: true; id: string } | Refusal {
  const id = fillTemplate(template, claims);
  const names = template.paths.map((path) => path.join('.')).join('", "');
  if (id === undefined) return refuse('bad_claim', `"${names}" is missing or no text that can be an id`);
  if (id.length > maxIdLength) return refuse('bad_claim', `its id is longer than ${maxIdLength} characters`);
  // Control and format characters would let one id look like another in a log or on a terminal.
  if (/\p{C}/u.test(id) || id !== id.trim())
    return refuse('bad_claim', `"${names}" has characters that an id cannot have`);
  if (reservedIds.includes(id)) return refuse('bad_claim', `"${id}" is a reserved name`);
  return { ok: true, id };
}

function readGroups(claims: Claims, path: ClaimPath): { ok: true; groups: readonly string[] } | Refusal {
  const value = claimAt(claims, path);
  if (value === undefined)
    return isOverage(claims, path)
      ? refuse('bad_claim', 'its group list was too long for the token')
      : { ok: true, groups: [] };
  const list: readonly Json[] = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [null];
  const groups = list.filter((group) => typeof group === 'string');
  // A list that cannot be read whole may hide the group that a rule denies.
  if (groups.length !== list.length) return refuse('bad_claim', `"${path.join('.')}" is not a list of texts`);
  return { ok: true, groups: [...new Set(groups)] };
}

/** Microsoft Entra leaves the groups out when there are too many and points elsewhere: OpenID Connect Core section 5.6.2. */
function isOverage(claims: Claims, path: ClaimPath): boolean {
  const names = claims['_claim_names'];
  return isClaims(names) && Object.hasOwn(names, path[0] ?? '');
}

function readKind(
  claims: Claims,
  rule: (NonNullable<ClaimRules['kind']> & { readonly path: ClaimPath }) | undefined,
): Principal['kind'] {
  if (!rule) return 'agent';
  const value = claimAt(claims, rule.path);
  if (value === undefined) return rule.default ?? 'agent';
  const values = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === 'string')) return 'agent';
  return values.some((one) => rule.agent.includes(one)) ? 'agent' : 'human';
}

function passed(claims: Claims, pass: readonly (readonly [string, ClaimPath])[]): Principal['claims'] {
  const found = pass.map(([text, path]) => [text, claimAt(claims, path)] as const);
  return Object.fromEntries(found.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
}
