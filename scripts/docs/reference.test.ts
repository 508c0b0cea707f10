import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refusals } from '../../gateway/policy/engine/refusals.ts';
import { entrypoints } from '../../gateway/policy/schema/json-schema.ts';
import { sqlstateMeanings } from './error-meanings.ts';
import { commandMeanings, frameMeanings } from './input-meanings.ts';
import { inputFields, meaningOf } from './input-page.ts';
import { markdownFiles } from './markdown-files.ts';
import { root } from './markdown.ts';
import { compare, pages } from './pages.ts';
import { packRules } from './rules.ts';
import { sourcesUnder } from './source-files.ts';

test.each(pages)('%s is what the code says: run `node scripts/docs/generate.ts`', async (file, render) => {
  const { wanted, found } = await compare(file, render);
  expect(found).toBe(wanted);
});

describe('the policy input', () => {
  test.each(entrypoints)('every field of %s is explained', (entrypoint) => {
    const unexplained = inputFields(entrypoint).filter(([path]) => meaningOf(entrypoint, path) === undefined);
    expect(unexplained).toEqual([]);
  });
  test('nothing is explained that is not there', () => {
    const there = new Map(entrypoints.map((e) => [e, new Set(inputFields(e).map(([path]) => path))]));
    const gone = entrypoints.flatMap((e) =>
      Object.keys(commandMeanings[e]).filter((path) => there.get(e)?.has(path) !== true),
    );
    const frame = Object.keys(frameMeanings).filter((path) => ![...there.values()].every((paths) => paths.has(path)));
    expect([...gone, ...frame]).toEqual([]);
  });
});

describe('SQLSTATEs', () => {
  const written = new Set(
    [...sources('gateway/protocols/postgres'), ...sources('gateway/enforce')].flatMap((text) =>
      [...text.matchAll(/'(\d[\dA-Z]{4}|XX\d{3})'/g)].map((m) => m[1] ?? ''),
    ),
  );
  test('every one that the gateway can send is explained', () => {
    expect([...written].filter((state) => sqlstateMeanings[state] === undefined)).toEqual([]);
  });
  test('none is explained that the gateway cannot send', () => {
    // 42601 comes from the parser, with the server's own words.
    expect(Object.keys(sqlstateMeanings).filter((state) => !written.has(state))).toEqual([]);
  });
});

describe('rules of the default pack', () => {
  const rules = packRules();
  test('each says in its METADATA what it is', () => {
    expect(rules.filter((r) => r.title === '' || r.kinds.length === 0)).toEqual([]);
  });
  test('the id in the METADATA is the one that the finding carries', () => {
    expect(rules.filter((r) => r.written.some((id) => id !== r.id) || r.written.length === 0)).toEqual([]);
  });
  test('no finding has an id that no METADATA names', () => {
    const named = new Set(rules.map((r) => r.id));
    const used = sources('policies/rules').flatMap((text) =>
      [...text.matchAll(/"id": "([^"]+)"/g)].map((m) => m[1] ?? ''),
    );
    expect(used.length).toBeGreaterThan(30);
    expect(used.filter((id) => !named.has(id))).toEqual([]);
  });
  test('no id of the pack is one of the gateway’s own', () => {
    expect(rules.filter((r) => r.id in refusals)).toEqual([]);
  });
});

describe('every page', () => {
  const files = markdownFiles();
  test.each(files)('%s links to what is there', (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const broken = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)]
      .map((m) => m[1] ?? '')
      .filter((link) => !leadsSomewhere(file, link));
    expect(broken).toEqual([]);
  });
  test('every page of the documentation can be reached from README.md', () => {
    const reached = new Set<string>();
    const queue = ['README.md'];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file) || !file.endsWith('.md')) continue;
      reached.add(file);
      for (const [, link = ''] of readFileSync(join(root, file), 'utf8').matchAll(
        /\]\((?!https?:|mailto:)([^)#\s]+)/g,
      )) {
        const target = join(dirname(file), link);
        if (existsSync(join(root, target))) queue.push(target);
      }
    }
    expect(files.filter((file) => file.startsWith('docs/') && !reached.has(file))).toEqual([]);
  });
});

/** A file, or a heading of one. */
function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(root, from) : join(root, dirname(from), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map((m) => slug(m[1] ?? ''));
  return headings.includes(anchor);
}

/** As GitHub makes a heading's anchor. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Texts of the source files under a folder. */
function sources(folder: string): readonly string[] {
  return sourcesUnder(folder).map(({ text }) => text);
}
