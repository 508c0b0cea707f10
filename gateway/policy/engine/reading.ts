import { Refusal } from './refusals.ts';

/** Small strict readers for the policy's answer. By hand: this runs for every decision that no cache knows. */

export type Fields = { readonly [name: string]: unknown };

/** An object, with no fields but `allowed` where that is given. */
export function objectOf(value: unknown, where: string, allowed?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw odd(where);
  if (allowed !== undefined) {
    for (const name of Object.keys(value)) if (!allowed.includes(name)) throw odd(`${where}.${name}`);
  }
  return value as Fields; // an object that is no array
}

export function listOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw odd(where);
  return value as readonly unknown[]; // Array.isArray says any[]
}

export function stringOf(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw odd(where);
  return value;
}

export function countOf(value: unknown, where: string, min: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) throw odd(where);
  return value;
}

export function memberOf<T extends string>(value: unknown, members: readonly T[], where: string): T {
  const member = members.find((m) => m === value);
  if (member === undefined) throw odd(where);
  return member;
}

export function odd(where: string): Refusal {
  return new Refusal('SP-002', where);
}
