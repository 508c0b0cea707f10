import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { facts, frame, statement } from '../../testing/commands.ts';
import { root } from '../fixtures.ts';
import { principal, session } from './frame.ts';
import { entrypoints, schemaFile } from './json-schema.ts';
import { postgresCommand } from './postgres.ts';

test.each(entrypoints)('the published schema of %s is the one that the types give', (entrypoint) => {
  const published = readFileSync(join(root, 'policies/schemas', `${entrypoint}.json`), 'utf8');
  expect(published).toBe(schemaFile(entrypoint)); // else run: node gateway/policy/schema/generate.ts
});

test.each(entrypoints)('the schema of %s leaves no object open but claims and labels', (entrypoint) => {
  const open: string[] = [];
  walk(JSON.parse(schemaFile(entrypoint)), '', open);
  expect(open.sort()).toEqual(['/principal/claims', '/target/labels']);
});

test('what the fixtures hold is what the schemas describe', () => {
  expect(principal.parse(frame().principal)).toEqual(frame().principal);
  expect(session.parse(facts)).toEqual(facts);
  expect(postgresCommand.parse(statement())).toEqual(statement());
  expect(postgresCommand.safeParse({ ...statement(), actoin: 'read' }).success).toBe(false);
  expect(postgresCommand.safeParse({ ...statement(), action: 'dddl' }).success).toBe(false);
});

/** Collects where `additionalProperties` is anything but false. */
function walk(schema: unknown, path: string, open: string[]): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('type' in schema && schema.type === 'object') {
    if (!('additionalProperties' in schema) || schema.additionalProperties !== false) open.push(path);
  }
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null) {
    for (const [name, inner] of Object.entries(schema.properties)) walk(inner, `${path}/${name}`, open);
  }
  if ('items' in schema) walk(schema.items, `${path}[]`, open);
}
