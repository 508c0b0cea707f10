/** What a column holds, as far as its name, its comment or its type say so. The first six are what detectors recognise. */
export const concepts = [
  'card',
  'ssn',
  'iban',
  'email',
  'phone',
  'token',
  'salary',
  'birthdate',
  'address',
  'name',
  'notes',
] as const;
export type Concept = (typeof concepts)[number];

/**
 * Words for each, as people write them in names of columns: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish.
 * Without accents; a space is a border between two words.
 */
const words: Readonly<Record<Concept, string>> = {
  card:
    'card number, card no, card num, cardnumber, credit card, creditcard, debit card, cc number, cc num, ccnum, pan, kartennummer, kreditkarte, kreditkartennummer, ' +
    'numero carte, carte bancaire, carte credit, numero tarjeta, tarjeta credito, tarjeta, numero carta, carta credito, numero cartao, cartao credito, kaartnummer, ' +
    'creditcardnummer, numer karty, kortnummer',
  ssn:
    'ssn, social security, socialsecurity, social security number, tax id, taxid, tin, itin, national id, nationalid, nin, nino, national insurance, sozialversicherungsnummer, ' +
    'svnr, steuer id, steuerid, steuernummer, personalausweis, numero securite sociale, securite sociale, nir, dni, nie, nif, cpf, codice fiscale, bsn, burgerservicenummer, ' +
    'pesel, personnummer, passport, passport number, reisepass, passeport, pasaporte',
  iban: 'iban, bank account, bankaccount, account number iban, kontonummer, bankverbindung, compte bancaire, cuenta bancaria, conto corrente, conta bancaria, rekeningnummer, numer konta, bankkonto',
  email:
    'email, e mail, mail, email address, e mail address, e mail adresse, emailaddress, mail address, emailadresse, mailadresse, courriel, adresse mail, correo, correo electronico, posta elettronica, e post, epost',
  phone:
    'phone, telephone, phone number, phonenumber, phone no, mobile, mobile number, cell, cellphone, cell phone, fax, msisdn, telefon, telefonnummer, handy, handynummer, mobil, ' +
    'mobilnummer, rufnummer, portable, numero telephone, tel, telefono, movil, celular, cellulare, telefone, telemovel, telefoon, telefoonnummer, numer telefonu, komorka',
  token:
    'password, passwd, pwd, secret, api key, apikey, access key, secret key, private key, access token, refresh token, auth token, bearer, token, credentials, passwort, kennwort, ' +
    'schluessel, mot de passe, motdepasse, contrasena, clave secreta, senha, wachtwoord, haslo, losenord, password hash, passwordhash, pin code, otp secret, totp secret',
  salary:
    'salary, wage, wages, pay rate, base pay, compensation, income, gehalt, lohn, einkommen, salaire, remuneration, revenu, salario, sueldo, nomina, stipendio, ordenado, ' +
    'salaris, loon, pensja, wynagrodzenie, lon',
  birthdate:
    'birthdate, birth date, birthday, date of birth, dob, born, born on, geburtsdatum, geburtstag, gebdat, date naissance, date de naissance, fecha nacimiento, ' +
    'fecha de nacimiento, data nascita, data di nascita, data nascimento, data de nascimento, geboortedatum, data urodzenia, fodelsedatum',
  address:
    'street, street address, streetaddress, address line, address1, address2, home address, postal address, address, zip, zipcode, zip code, postcode, postal code, strasse, ' +
    'anschrift, adresse, plz, postleitzahl, rue, code postal, direccion, calle, codigo postal, indirizzo, via, cap, endereco, rua, cep, straat, adres, ulica, kod pocztowy, adress, gata',
  name:
    'first name, firstname, given name, last name, lastname, surname, family name, full name, fullname, middle name, maiden name, vorname, nachname, familienname, geburtsname, ' +
    'prenom, nom famille, nom de famille, apellido, apellidos, cognome, sobrenome, apelido, voornaam, achternaam, imie, nazwisko, fornamn, efternamn',
  notes:
    'notes, note, comment, comments, remark, remarks, free text, freetext, description, message, body, notizen, bemerkung, bemerkungen, anmerkung, kommentar, remarque, ' +
    'commentaire, notas, comentario, comentarios, observaciones, osservazioni, commenti, observacoes, opmerking, opmerkingen, uwagi, anteckningar',
};

/** Says something about the thing and is not the thing: `email_verified`, `phone_model`, `token_count`. */
const about: ReadonlySet<string> = new Set(
  (
    'is has was can verified confirmed valid validated enabled disabled active opt optin optout consent subscribed count total num_of type kind model brand status state flag ' +
    'template subject domain provider server host port format length size limit at on date time created updated expires expiry ttl id uuid key_id ref version sent bounced ' +
    'attempts failures score ratio percent currency bin last4'
  ).split(' '),
);

const phrases: readonly (readonly [phrase: string, concept: Concept])[] = concepts
  .flatMap((concept) => words[concept].split(', ').map((phrase) => [` ${phrase} `, concept] as const))
  // The longest says most: "email address" is no address.
  .toSorted(([a], [b]) => b.length - a.length);

export interface Named {
  readonly concept: Concept;
  /** The word that says so. */
  readonly word: string;
}

/** What the name of a column or of a type says that it holds. */
export function namedConcept(name: string): Named | undefined {
  const parts = wordsOf(name);
  const text = ` ${parts.join(' ')} `;
  const found = phrases.find(([phrase]) => text.includes(phrase));
  if (!found) return undefined;
  const [phrase, concept] = found;
  const rest = text.replace(phrase, ' ').trim().split(' ');
  if (rest.some((word) => about.has(word))) return undefined;
  return { concept, word: phrase.trim() };
}

/** What a comment says that a column holds: the longest phrase in it that is no everyday word. */
export function commentedConcept(comment: string): Named | undefined {
  const text = ` ${wordsOf(comment).join(' ')} `;
  const found = phrases.find(([phrase, concept]) => concept !== 'notes' && phrase.length > 5 && text.includes(phrase));
  return found && { concept: found[1], word: found[0].trim() };
}

/** Lower case, without accents, cut at underscores and where the case changes. */
function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
