/** Forms of which `partial` knows what may be shown; of `any` other it is the first character at most. */
export type LabelKind = 'card' | 'ssn' | 'phone' | 'iban' | 'email' | 'any';

const words: Readonly<Record<string, LabelKind>> = {
  pan: 'card',
  card: 'card',
  ssn: 'ssn',
  phone: 'phone',
  mobile: 'phone',
  msisdn: 'phone',
  tel: 'phone',
  iban: 'iban',
  email: 'email',
};

/**
 * What a label says about the form of its values, by its words: `pci.card_number` is a card, `crm.company` is not a `pan`.
 * A wrong guess costs nothing: the forms are strict, and what does not fit is hidden whole.
 */
export function labelKind(label: string): LabelKind {
  for (const word of label.toLowerCase().split(/[^a-z0-9]+/)) {
    const kind = Object.hasOwn(words, word) ? words[word] : undefined;
    if (kind) return kind;
  }
  return 'any';
}
