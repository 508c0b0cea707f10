import { SallyportError } from '../../contract/errors.ts';
import { jsonMembers, jsonObject } from './structured.ts';
import type { VerifiedBundle, VerifiedData } from './verify.ts';

/** Data that one bundle brings beside the rules of another. */
export interface NamedData {
  /** As the configuration calls it. */
  readonly name: string;
  /** What the configuration lets it bring at most. */
  readonly roots: readonly string[];
  readonly bundle: VerifiedData;
}

/** What the rules are made of, and what they are tried with: nobody else brings any of it. */
export const ruleRoots = ['rules', 'sallyport', 'canaries'] as const;

/**
 * A bundle of rules, alone. It is all there is, so it has to claim all: one that claims less expects others beside it.
 * @throws SallyportError `bundle-invalid`
 */
export function wholeBundle(rules: VerifiedBundle): VerifiedBundle {
  const { roots } = rules.manifest;
  if (roots.length === 1 && roots[0] === '') return rules;
  throw invalid(`.manifest: roots have to be [""] where there is one bundle, not ${JSON.stringify(roots)}`);
}

/**
 * Several bundles as one. Rules are compiled into one module, so one bundle brings them, and the others bring data that the module reads:
 * each within roots of its own (openpolicyagent.org/docs/management-bundles#bundle-file-format). The earliest end is the end of all.
 * @param name of the bundle with the rules
 * @throws SallyportError `bundle-invalid` naming the bundles that do not go together
 */
export function mergeBundles(name: string, rules: VerifiedBundle, data: readonly NamedData[]): VerifiedBundle {
  const { manifest } = rules;
  // In one order: the same bundles have the same revision, however they are listed.
  const others = data.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const root of ruleRoots) {
    if (manifest.roots.some((own) => isWithin(root, own))) continue;
    throw invalid(`bundle ${name} brings the rules, and its roots leave out ${root}`);
  }
  const homeless = manifest.metadata.rules?.find(
    (rule) => !manifest.roots.some((own) => isWithin(rule.name.replaceAll('.', '/'), own)),
  );
  if (homeless !== undefined) throw invalid(`bundle ${name} has the rule ${homeless.name}, outside its roots`);
  for (const other of others) {
    const strange = other.bundle.manifest.roots.find((root) => !other.roots.some((allowed) => isWithin(root, allowed)));
    if (strange === undefined) continue;
    throw invalid(`bundle ${other.name} claims ${strange}; it may bring ${other.roots.join(', ')}`);
  }
  const parts = [
    { name, roots: manifest.roots, data: textOf(name, rules.data) },
    ...others.map(({ name: called, bundle }) => ({
      name: called,
      roots: bundle.manifest.roots,
      data: textOf(called, bundle.data),
    })),
  ];
  checkOverlaps(parts);
  for (const part of parts) {
    const outside = placeOutside(part.data, part.roots, '');
    if (outside !== undefined) throw invalid(`bundle ${part.name} has data at ${outside}, outside its roots`);
  }
  const ends = [manifest, ...others.map(({ bundle }) => bundle.manifest)].map((m) => m.metadata.expires_at);
  const earliest = ends.reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));
  return {
    ...rules,
    manifest: {
      ...manifest,
      revision: [manifest.revision, ...others.map((o) => `${o.name}:${o.bundle.manifest.revision}`)].join('+'),
      metadata: { ...manifest.metadata, expires_at: earliest },
    },
    data: Buffer.from(merged(parts.map(({ data }) => data))),
  };
}

interface Part {
  readonly name: string;
  readonly roots: readonly string[];
  /** JSON. */
  readonly data: string;
}

/** @throws SallyportError `bundle-invalid`: two bundles that both claim a place could each change what the other one says */
function checkOverlaps(parts: readonly Part[]): void {
  for (const [i, one] of parts.entries()) {
    for (const other of parts.slice(i + 1)) {
      for (const root of one.roots) {
        const also = other.roots.find((r) => isWithin(r, root) || isWithin(root, r));
        if (also === undefined) continue;
        throw invalid(`bundles ${one.name} (root ${shown(root)}) and ${other.name} (root ${shown(also)}) overlap`);
      }
    }
  }
}

/** Where there is something that no root covers; undefined when all of it is covered. */
function placeOutside(json: string, roots: readonly string[], at: string): string | undefined {
  if (roots.some((root) => isWithin(at, root))) return undefined;
  const members = roots.some((root) => isWithin(root, at)) ? jsonMembers(json) : undefined;
  if (members === undefined) return shown(at);
  for (const [name, value] of members) {
    const below = at === '' ? name : `${at}/${name}`;
    // Such a name could be mistaken for a place further down.
    const place = name === '' || name.includes('/') ? below : placeOutside(value, roots, below);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What several have at one place is an object in all of them, or their roots would overlap. */
function merged(texts: readonly string[]): string {
  const [only, ...others] = texts;
  if (only !== undefined && others.length === 0) return only;
  const members = new Map<string, string[]>();
  for (const text of texts) {
    for (const [name, value] of jsonMembers(text) ?? []) members.set(name, [...(members.get(name) ?? []), value]);
  }
  return jsonObject([...members].map(([name, values]) => [name, merged(values)] as const));
}

/** Segment by segment: `columns` is not within `column`, and everything is within the empty root. */
function isWithin(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

function shown(root: string): string {
  return root === '' ? '"", everything' : root;
}

function textOf(name: string, data: Buffer): string {
  try {
    const text = data.toString('utf8');
    if (jsonMembers(text) !== undefined) return text;
  } catch (cause) {
    throw new SallyportError('bundle-invalid', `bundle ${name}: data.json is not JSON`, { cause });
  }
  throw invalid(`bundle ${name}: data.json is no object`);
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', what);
}
