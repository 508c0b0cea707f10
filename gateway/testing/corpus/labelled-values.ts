import type pg from 'pg';

/** The labelled values, as `policies/columns` here and in the default pack name them. Dates are not told from others, and said with the statements. */
export interface LabelledValues {
  /** A labelled value, whole, is the text or stands in it. */
  standIn(text: string | null): boolean;
}

const columns = {
  customers: ['email', 'ssn', 'card_number', 'phone', 'notes'],
  payments: ['card_number', 'iban'],
  employees: ['email', 'ssn', 'salary'],
  'clinic.patients': [
    'mrn',
    'first_name',
    'last_name',
    'ssn',
    'email',
    'phone',
    "address ->> 'street'",
    "address ->> 'zip'",
  ],
  'clinic.appointments': ['reason'],
  'clinic.clinical_notes': ['body'],
  'clinic.insurance': ['policy_no'],
  'billing.users': ['email', 'full_name', 'password_hash', 'last_ip'],
  'billing.payment_methods': ['pan', 'holder'],
  'billing.events': ["payload ->> 'email'", "payload ->> 'ip'"],
  'billing.api_keys': ['key_hash'],
  'billing.tickets': ['requester_email'],
  'billing.invoices': ["billing_address ->> 'line1'"],
  'depot.shipments': ['recipient', 'recipient_phone', 'street'],
  'depot.couriers': ['full_name', 'phone', 'licence_no', 'home'],
};
/** What the values look like where they stand inside another text; notes are known by heart. */
const shapes = [
  /[\w.+-]+@[\w.-]+\w/g,
  /\d{3}-\d{2}-\d{4}/g,
  /\d{4} \d{4} \d{4} \d{4}/g,
  /DE\d{20}/g,
  /\+1 \d{3} 555 \d{4}/g,
  /\+44 7700 \d{6}|\+32 [\d ]+\d/g,
  /(MRN-|POL)\d+/g,
  /\$2b\$12\$\w+/g,
  /203\.0\.113\.\d+/g,
  /\d+ (Larkspur Crescent|Gooseberry Wharf|Marigold Steps)/g,
  /ZX\d{5}/g,
  /(Quillfeather|Brandywine|Ostrowski|Featherstone|Villanueva|Fulano Mengano|Holder Zutano|Perengano Driver|Recipient Futano)\d+/g,
  /(patient confided secret matter|complains of ailment no) \d+/g,
];

/** @param client one that reads the text of every value */
export async function labelledValues(client: pg.Client): Promise<LabelledValues> {
  const values = new Set<string>();
  const notes = new Set<string>();
  for (const [table, names] of Object.entries(columns)) {
    for (const name of names) {
      const { rows } = await client.query<{ value: string }>(
        `select distinct (${name})::text as value from ${table} where ${name} is not null`,
      );
      for (const { value } of rows) (name === 'notes' ? notes : values).add(value);
    }
  }
  return {
    standIn: (text) => {
      if (text === null) return false;
      if (values.has(text)) return true;
      if (shapes.some((shape) => text.match(shape)?.some((found) => values.has(found)))) return true;
      for (const note of notes) if (text.includes(note)) return true;
      return false;
    },
  };
}
