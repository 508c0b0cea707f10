/** What made-up people are made of. */
type Words = readonly [string, ...string[]];

export const firstNames: Words = [
  'Adele', 'Amir', 'Beatriz', 'Bruno', 'Chiara', 'Chinedu', 'Dagny', 'Dario', 'Elif', 'Emeka', 'Farah', 'Felix', 'Greta', 'Hana', 'Hugo', 'Ines', 'Ivan', 'Jana',
  'Joaquín', 'Kaito', 'Katya', 'Lars', 'Leila', 'Lucía', 'Mads', 'Maren', 'Mei', 'Milo', 'Nadia', 'Niall', 'Noor', 'Olga', 'Omar', 'Paola', 'Petra', 'Priya', 'Quentin', 'Rafael',
  'Renée', 'Rosa', 'Samir', 'Sanne', 'Siobhán', 'Soren', 'Tariq', 'Thea', 'Tomás', 'Uma', 'Viktor', 'Wanda', 'Xavier', 'Yara', 'Yusuf', 'Zoé',
];

export const lastNames: Words = [
  'Abara', 'Aldous', 'Baumann', 'Bianchi', 'Brandt', 'Castillo', 'Chaudhry', 'Costa', 'Dahl', 'Delacroix', 'Egede', 'Ferreira', 'Fischer', 'Fontaine', 'García', 'Grün', 'Haddad',
  'Hansen', 'Ibsen', 'Ito', 'Jansen', 'Kaur', 'Keller', 'Kowalski', 'Laurent', 'Lindqvist', 'Lopes', 'Marchetti', 'Mbeki', 'Moreau', 'Nakamura', 'Novak', 'O’Shea', 'Okafor', 'Öztürk', 'Pereira',
  'Petrov', 'Quist', 'Ramírez', 'Rossi', 'Sandoval', 'Schäfer', 'Silva', 'Tanaka', 'Thorne', 'Ueda', 'Vargas', 'Virtanen', 'Weiss', 'Wójcik', 'Yamada', 'Zeller',
];

export const places: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ['Lisbon', 'Portugal'], ['Porto', 'Portugal'], ['Madrid', 'Spain'], ['Valencia', 'Spain'], ['Lyon', 'France'], ['Nantes', 'France'], ['Ghent', 'Belgium'], ['Utrecht', 'Netherlands'],
  ['Bremen', 'Germany'], ['Leipzig', 'Germany'], ['Graz', 'Austria'], ['Zürich', 'Switzerland'], ['Turin', 'Italy'], ['Bologna', 'Italy'], ['Aarhus', 'Denmark'], ['Malmö', 'Sweden'],
  ['Tampere', 'Finland'], ['Gdańsk', 'Poland'], ['Brno', 'Czechia'], ['Cork', 'Ireland'], ['Leeds', 'United Kingdom'], ['Denver', 'United States'], ['Austin', 'United States'], ['Montréal', 'Canada'],
];

export const notes: Words = [
  'Prefers to be called after five in the afternoon.',
  'Asked for invoices on paper until the move is over.',
  'Mentioned an operation in spring; be patient with late payments.',
  'Going through a divorce, do not mention the joint account.',
  'Wants no newsletters and has said so twice.',
  'Recommended us to two neighbours.',
  'Complained about a late parcel; got a voucher.',
  'Speaks little English, a colleague translates.',
  'Lost the old telephone, reach by e-mail only.',
  'Pays by card, never by transfer.',
];

export const titles: Words = ['Account manager', 'Analyst', 'Bookkeeper', 'Database administrator', 'Designer', 'Engineer', 'Office manager', 'Recruiter', 'Sales representative', 'Support agent'];
export const orderStates: Words = ['paid', 'paid', 'paid', 'shipped', 'shipped', 'delivered', 'delivered', 'delivered', 'cancelled', 'refunded'];
