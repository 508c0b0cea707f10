import type { Chance } from './random.ts';

/** Numbers that look real, pass the checks that real ones pass, and were never given to anybody. */

/** United States social security number from the areas 900 to 999, which are never issued. */
export function ssn(chance: Chance): string {
  return `9${chance.digits(2)}-${String(chance.between(1, 69)).padStart(2, '0')}-${String(chance.between(1, 9999)).padStart(4, '0')}`;
}

/** Card number from the ranges that payment providers publish for tests, with a right Luhn digit. Grouped by four. */
export function cardNumber(chance: Chance): string {
  const start = chance.of(['42424242', '40000000', '55555555', '52000000']) + chance.digits(7);
  const all = start + String(luhnDigit(start));
  return (all.match(/.{4}/g) ?? []).join(' ');
}

/** German account at the bank code 00000000, which no bank has; its check digits are right (ISO 13616). */
export function iban(chance: Chance): string {
  const account = `00000000${chance.digits(10)}`;
  const check = 98n - (BigInt(`${account}131400`) % 97n); // "DE00" as digits, moved to the end
  return `DE${String(check).padStart(2, '0')}${account}`;
}

/** North American number whose last seven digits (555-01xx) are kept for fiction. */
export function phone(chance: Chance): string {
  return `+1 ${chance.of(['202', '303', '404', '512', '617', '702', '808', '917'])} 555 01${chance.digits(2)}`;
}

/** At the domains that belong to nobody (RFC 2606). */
export function email(chance: Chance, name: string, id: number): string {
  const local = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, '.');
  return `${local}${String(id)}@${chance.of(['example.com', 'example.org', 'example.net'])}`;
}

/** The digit that makes the Luhn sum of `digits` and itself a multiple of ten (ISO/IEC 7812-1). */
export function luhnDigit(digits: string): number {
  const sum = Array.from(digits, Number)
    .toReversed()
    .reduce((total, digit, i) => total + (i % 2 === 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit), 0);
  return (10 - (sum % 10)) % 10;
}
