import { after, alnum, before, digit, is, lower, upper, type Stretch } from './bytes.ts';

const space = 0x20;

/** Lengths by country: SWIFT's IBAN registry, release 99. */
const lengths: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 ' +
    'GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 ' +
    'MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 ' +
    'TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((one) => [one.slice(0, 2), Number(one.slice(2))]),
);

/**
 * An account number that begins at `at`: a country's letters, as long as that country's are, check digits right (ISO 13616, mod 97). In
 * one piece or with single spaces.
 * @returns its end, or -1
 */
export function ibanAt(text: Stretch, at: number): number {
  const { source } = text;
  if (is(before(text, at), alnum) || !is(after(text, at + 1), upper | lower) || !is(after(text, at + 2), digit))
    return -1;
  const length = lengths.get(source.toString('latin1', at, at + 2).toUpperCase());
  if (length === undefined) return -1;
  let characters = '';
  let i = at;
  while (characters.length < length) {
    const byte = after(text, i);
    if (is(byte, alnum)) characters += String.fromCharCode(byte ?? 0);
    else if (byte !== space || source[i - 1] === space) return -1;
    i++;
  }
  return !is(after(text, i), alnum) && remainder(characters.toUpperCase()) === 1 ? i : -1;
}

/** Modulo 97 of the number that it stands for: the first four at the end, letters as 10 to 35. */
function remainder(iban: string): number {
  let rest = 0;
  for (let i = 0; i < iban.length; i++) {
    const code = iban.charCodeAt((i + 4) % iban.length);
    rest = code >= 0x41 ? (rest * 100 + code - 0x37) % 97 : (rest * 10 + code - 0x30) % 97;
  }
  return rest;
}
