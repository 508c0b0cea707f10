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
  'bank.customers': ['full_name', 'email', 'phone', 'tax_id', '(residence).line', "kyc #>> '{document,number}'"],
  'bank.accounts': ['iban'],
  'bank.cards': ['pan', 'holder'],
  'bank.transfers': ['counterparty_iban', 'counterparty_name', 'memo'],
  'bank.logins': ['host(ip)'],
  'people.employees': [
    'first_name',
    'last_name',
    'personal_email',
    'national_id',
    "profile #>> '{emergency,name}'",
    "profile #>> '{emergency,phone}'",
    "profile #>> '{bank,iban}'",
  ],
  'people.absences': ['note'],
  'people.reviews': ['body'],
  'people.candidates': ['name', 'email', 'phone', 'cv'],
  'market.sellers': ['legal_name', 'tax_no', 'payout_iban'],
  'market.buyers': ['email', 'name', 'password_digest', 'phone'],
  'market.addresses': ['recipient', 'street', 'zip'],
  'market.orders': ["ship_to ->> 'recipient'", "ship_to ->> 'street'", "ship_to ->> 'zip'", 'gift_note'],
  'market.messages': ['body'],
  'market.sessions': ['token', 'host(ip)'],
  'hotel.guests': [
    'given_name',
    'family_name',
    'email',
    'mobile',
    'passport_no',
    "prefs #>> '{contact,name}'",
    "prefs #>> '{contact,phone}'",
    "prefs ->> 'diet'",
  ],
  'hotel.stays': ['requests'],
  'hotel.folio_items': ['note'],
  'hotel.payments': ['card_number', 'card_holder'],
  'hotel.feedback': ['comment'],
  'cover.agents': ['agent_name'],
  'cover.holders': [
    'legal_name',
    'national_id',
    'email',
    'phone',
    'street',
    'postcode',
    'bank_account',
    "attributes #>> '{spouse,name}'",
  ],
  'cover.vehicles': ['plate', 'vin'],
  'cover.claims': ['description', 'diagnosis', 'location'],
  'cover.claim_payments': ['payee', 'iban'],
  'cover.letters': ["vars ->> 'salutation'", 'body'],
  'desk.tenants': ['billing_email', 'api_key'],
  'desk.users': ['login', 'display_name', 'password_hash', 'phone', "settings ->> 'signature'"],
  'desk.contacts': ['full_name', 'email', 'phone'],
  'desk.tickets': ['subject'],
  'desk.replies': ['body'],
  'desk.csat': ['remark'],
  'desk.webhooks': ['secret'],
  'desk.events': ['host(ip)'],
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
  /(ZX|QZ|PC)\d{5}/g,
  /(TX|PL|PT50|GB29NWBK|FR76|VT|NI|DOC)\d+/g,
  /\+(48 601|33 6 12) \d{6}|\+44 7911 \d{6}|\+49 151 \d{7}/g,
  /tok[0-9a-f]{32}/g,
  /\$argon2id\$v=19\$\w+/g,
  /(198\.51\.100|192\.0\.2)\.\d+/g,
  /\d+ (Chmielna Passage|Periwinkle Mews)/g,
  /((Wilhelmina|Anastazja|Florentyna|Leopold|Bonifacy) Zawadzki|W ZAWADZKI|Przemyslaw Kowalczyk|Haverford|Aunt Bellweather|Candida Rottenmeier|Balthazar Grimsby|Cornelius Applegarth)\d+/g,
  /(thanks for private thing|because of confidential surgery|honest opinion number|I have led discreet project|to my dearest pumpkin|whispered request) \d+/g,
  /(Quillfeather|Brandywine|Ostrowski|Featherstone|Villanueva|Fulano Mengano|Holder Zutano|Perengano Driver|Recipient Futano)\d+/g,
  /(Trauttmansdorff|H TRAUTTMANSDORFF|Cousin Leopoldine|(Ludovicus|Petronella) Oosterhout|Cunegonde Vanderbrook|Thaddeus Pemberton|Clementine Ashworth)\d+/g,
  /(quiet room because of discreet matter|said privately thing|my confidential opinion|glutenfree secret|candid remark) ?\d+/g,
  /(he told us the intimate circumstance|fracture of hidden bone|Dear Ludovicus, private letter|Hello Clementine, my embarrassing secret is) \d+/g,
  /(PA|BSN|VIN|NL91ABNA|NL20INGB)\d+|[A-Z]{2}-\d{3}-Q/g,
  /\+(43 6[69][49]|1 [56]{3}) \d{7}|\+31 6 \d{8}/g,
  /\d+ Korenmolenlaan|\d{4} QX/g,
  /(sk_live_|whsec_)[0-9a-f]{32}/g,
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
