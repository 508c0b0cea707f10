import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { filesWith } from './audited.ts';
import {
  bind,
  describeStatement,
  errorsOf,
  errorText,
  execute,
  parse,
  query,
  rowsOf,
  run,
  sync,
  type Wire,
  type WireMessage,
  wireThrough,
} from './wire.ts';

/** Customers may be looked up by e-mail by those who see it masked, five times in an hour: the label's data says so. */
const perHour = 5;
/** From here on addresses come out in clear, to those who may read them. */
const inClear = 20;
const tooMany = /you have looked up as many values as you may in an hour/;
const people = Array.from({ length: 100 }, (_, n) => [
  { name: `reader-${String(n)}`, kind: 'human', groups: ['readers'] } as const,
  { name: `writer-${String(n)}`, kind: 'human', groups: ['dba'] } as const,
]).flat();
let rig: Rig;
let admin: pg.Client;
let emails: readonly string[];

beforeAll(async () => {
  rig = await startRig({
    policies: [fileURLToPath(new URL('looking-up', import.meta.url))],
    principals: [...rigPrincipals, { name: 'sue', kind: 'human', groups: ['support'] }, ...people],
  });
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  const { rows } = await admin.query<{ readonly email: string }>(
    'select email from customers where email is not null group by email having count(*) = 1 order by email limit 40',
  );
  emails = rows.map(({ email }) => email);
});
afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
});

const email = (n: number): string => emails[n] ?? '';
const openAs = async (name: string): Promise<Wire> =>
  wireThrough({ port: rig.port, user: 'app', database: 'crm', password: await rig.token(name) });
let met = 0;
/** A session of somebody who has looked nothing up yet. */
const open = (kind: 'reader' | 'writer' = 'reader'): Promise<Wire> => openAs(`${kind}-${String(met++)}`);
const byEmail = 'select id, name, email from customers where email = $1';
const literally = (n: number): string => `select id, name, email from customers where email = '${email(n)}'`;

async function customer(n: number): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const { rows } = await admin.query<{ id: string; name: string }>(
    'select id::text, name from customers where email = $1',
    [email(n)],
  );
  return rows[0];
}

test.each([
  ['a literal', (n: number) => [query(literally(n))]],
  ['a parameter', (n: number) => [run(byEmail, [email(n)]), sync]],
  ['both in small letters', (n: number) => [run('select id, name, email from customers where lower(email) = lower($1)', [email(n).toUpperCase()]), sync]],
] as const)('a look-up by %s brings the customer, and the address masked', async (_, send) => {
  await using wire = await open();
  wire.send(...send(1));
  const [row, ...more] = rowsOf(await wire.readies());
  const { id, name } = (await customer(1)) ?? {};
  expect([row?.slice(0, 2), more]).toEqual([[id, name], []]);
  expect(row?.[2]).toBeTruthy();
  expect(row?.[2]).not.toBe(email(1));
  expect(wire.heard.includes(email(1))).toBe(false);
}); // prettier-ignore

test('an address that nobody has brings no row', async () => {
  await using wire = await open();
  expect(rowsOf(await wire.query("select id from customers where email = 'nobody@shop.example'"))).toEqual([]);
});

describe('an hour has five look-ups', () => {
  /** Each says so many look-ups, and returns everything that came. */
  const ways: readonly (readonly [how: string, say: (wire: Wire, times: number) => Promise<readonly WireMessage[]>])[] =
    [
      [
        'one message after the other',
        async (wire, times) => {
          const heard: WireMessage[] = [];
          for (let n = 0; n < times; n += 1) heard.push(...(await wire.query(literally(n))));
          return heard;
        },
      ],
      [
        'all at once, a message each',
        async (wire, times) => {
          wire.send(...Array.from({ length: times }, (_, n) => query(literally(n))));
          return wire.readies(times);
        },
      ],
      [
        'in a pipeline',
        async (wire, times) => {
          wire.send(...Array.from({ length: times }, (_, n) => run(byEmail, [email(n)])), sync);
          return wire.readies();
        },
      ],
      [
        'by a statement that is prepared once',
        async (wire, times) => {
          wire.send(parse('s', byEmail), ...Array.from({ length: times }, (_, n) => Buffer.concat([bind('', 's', [email(n)]), execute()])), sync); // prettier-ignore
          return wire.readies();
        },
      ],
      [
        'by EXECUTE',
        async (wire, times) => {
          wire.send(query(`prepare s(text) as ${byEmail}`));
          const heard = [...(await wire.readies())];
          for (let n = 0; n < times; n += 1) heard.push(...(await wire.query(`execute s('${email(n)}')`)));
          return heard;
        },
      ],
      [
        'by cursors',
        async (wire, times) => {
          await wire.query('begin');
          const heard: WireMessage[] = [];
          for (let n = 0; n < times; n += 1) {
            const name = `c${String(n)}`;
            heard.push(...(await wire.query(`declare ${name} cursor for ${literally(n)}`)));
            heard.push(...(await wire.query(`fetch 1 from ${name}`)));
            heard.push(...(await wire.query(`fetch all from ${name}`)));
          }
          return heard;
        },
      ],
    ];

  test.each(ways)('%s', async (_, say) => {
    await using wire = await open();
    const heard = await say(wire, perHour);
    expect(errorsOf(heard)).toEqual([]);
    expect(rowsOf(heard)).toHaveLength(perHour);
    await using other = await open();
    const more = await say(other, perHour + 1);
    expect([rowsOf(more).length, errorText(more)]).toEqual([perHour, expect.stringMatching(tooMany)]);
    await wire.query('rollback');
    expect(errorText(await wire.query(literally(0)))).toMatch(tooMany);
  });

  test('all in one message are refused together: none of them runs', async () => {
    await using wire = await open();
    const six = Array.from({ length: perHour + 1 }, (_, n) => literally(n)).join('; ');
    const heard = await wire.query(six);
    expect([rowsOf(heard), errorText(heard)]).toEqual([[], expect.stringMatching(tooMany)]);
    // What was refused was not counted.
    expect(rowsOf(await wire.query(literally(0)))).toHaveLength(1);
  });

  test('several comparisons in one statement are as many', async () => {
    await using wire = await open();
    const all = Array.from({ length: perHour + 1 }, (_, n) => `email = '${email(n)}'`);
    expect(errorText(await wire.query(`select id from customers where ${all.join(' and ')}`))).toMatch(tooMany);
  });

  test('what is parsed, described or prepared is not counted, and neither is anything else that is asked', async () => {
    await using wire = await open();
    for (let n = 0; n < 10; n += 1) {
      wire.send(parse(`s${String(n)}`, byEmail), describeStatement(`s${String(n)}`), sync);
      expect(errorsOf(await wire.readies())).toEqual([]);
      expect(errorsOf(await wire.query(`prepare p${String(n)} as ${byEmail}; select count(*) from customers`))).toEqual(
        [],
      );
    }
    wire.send(
      ...Array.from({ length: perHour }, (_, n) => Buffer.concat([bind('', 's1', [email(n)]), execute()])),
      sync,
    );
    expect(rowsOf(await wire.readies())).toHaveLength(perHour);
  });

  test('the session goes on with everything else', async () => {
    await using wire = await open();
    for (let n = 0; n <= perHour; n += 1) await wire.query(literally(n));
    expect(rowsOf(await wire.query('select count(*) from customers where city is not null'))).toHaveLength(1);
  });

  test('who hangs up and comes back has no more of them, and neither has who works over two connections', async () => {
    await using first = await openAs('ana');
    for (let n = 0; n < perHour - 1; n += 1) expect(rowsOf(await first.query(literally(n)))).toHaveLength(1);
    await using second = await openAs('ana');
    expect(rowsOf(await second.query(literally(0)))).toHaveLength(1);
    expect(errorText(await first.query(literally(0)))).toMatch(tooMany);
    await first[Symbol.asyncDispose]();
    await using third = await openAs('ana');
    expect(errorText(await third.query(literally(0)))).toMatch(tooMany);
    // Somebody else's count is their own.
    await using other = await open();
    expect(rowsOf(await other.query(literally(0)))).toHaveLength(1);
  });

  test('who reads addresses has no such limit', async () => {
    await using wire = await openAs('sue');
    for (let n = 0; n < 3 * perHour; n += 1) expect(rowsOf(await wire.query(literally(inClear + n)))).toHaveLength(1);
  });
});

describe('a look-up is nothing else', () => {
  /** Each runs direct and tells something of addresses that were not given. */
  test.each([
    ['a part of the value', (at: string) => `select id from customers where email like '${at.slice(0, 3)}%'`],
    ['a range', (at: string) => `select id from customers where email >= '${at}' and email <= '${at}z'`],
    ['an alternative', (at: string) => `select id from customers where email = '${at}' or id < 5`],
    ['a negation', (at: string) => `select id from customers where not email = '${at}'`],
    ['a list', (at: string) => `select id from customers where email in ('${at}', 'x')`],
    ['an array', (at: string) => `select id from customers where email = any ('{${at},x}')`],
    ['a table of guesses', (at: string) => `select c.id from customers c, (values ('${at}'), ('x')) g(e) where c.email = g.e`],
    ['a series of guesses', () => `select c.id from customers c, generate_series(1, 1000) n where c.email = 'user' || n || '@example.com'`],
    ['another column', () => `select c.id from customers c where c.email = c.name`],
    ['another labelled column', () => `select c.id from customers c, employees e where c.email = e.email`],
    ['a query', () => `select id from customers where email = (select min(email) from customers)`],
    ['a function of the row', () => `select id from customers where email = lower(name) || '@example.com'`],
    ['a part of the column', (at: string) => `select id from customers where left(email, 1) = '${at.slice(0, 1)}'`],
    ['a rough comparison', (at: string) => `select id from customers where email = '${at}' collate "und-x-icu"`],
    ['a plan', (at: string) => `explain (costs off) select id from customers where email = '${at}'`],
    ['a write', (at: string) => `update tickets set subject = subject where id = 1 and exists (select from customers where email = '${at}')`],
    ['a lock', (at: string) => `select id from customers where email = '${at}' for update`],
    ['a copy', (at: string) => `copy (select id from customers where email = '${at}') to stdout`],
    ['an error in a branch', (at: string) => `select id from customers where case when email = '${at}' then 1/0 = 1 else true end`],
  ] as const)('%s', async (_, sql) => {
    await using wire = await open();
    const error = errorText(await wire.query(sql(email(3))));
    expect(error).toContain('42501 denied by policy');
    expect(error).not.toContain(email(3));
  }); // prettier-ignore

  test('an error that the value makes is the same whether somebody has it or not', async () => {
    await using wire = await open();
    const said = async (value: string): Promise<string> => {
      wire.send(run(`select id from customers where email = $1 and $1::text::int > 0`, [value]), sync);
      return errorText(await wire.readies());
    };
    const [known, unknown] = [await said(email(4)), await said('nobody@shop.example')];
    expect([known, unknown]).toEqual([expect.stringContaining('withheld'), expect.stringContaining('withheld')]);
  });
});

describe('an address that is written has to be nobody’s, and whether it is, is a look-up', () => {
  const fresh = (name: string): string => `${name}@fresh.example`;
  const inserting = (...addresses: readonly string[]): string =>
    `insert into customers (name, email, ssn, card_number, city, country) values ${addresses.map((at) => `('New', '${at}', 's', 'c', 'Ulm', 'Germany')`).join(', ')}`;
  const changing = (at: string): string => `update customers set email = '${at}' where id = 1`;
  const holders = async (addresses: readonly string[]): Promise<number> =>
    (await admin.query('select from customers where email = any ($1)', [addresses])).rows.length;

  test.each([
    ['INSERT', (at: string) => inserting(at)],
    ['UPDATE', changing],
  ])('%s: one that nobody has is written, and leaves masked', async (how, sql) => {
    await using wire = await open('writer');
    const at = fresh(`one-${how}`);
    const rows = rowsOf(await wire.query(`${sql(at)} returning city, email`));
    expect([rows.length, await holders([at])]).toEqual([1, 1]);
    expect(wire.heard.includes(at)).toBe(false);
  });

  test.each([
    ['INSERT', (at: string) => inserting(at)],
    ['UPDATE', changing],
  ])('%s: one that somebody has is refused by the server, which says no more than that', async (_, sql) => {
    await using wire = await open('writer');
    const error = errorText(await wire.query(sql(email(5))));
    expect(error).toContain('23505');
    expect(error).toContain('withheld');
    expect(wire.heard.includes(email(5))).toBe(false);
  });

  /** Writes so many values that nobody has, each with its own name, and returns everything that came. */
  const ways: readonly (readonly [how: string, say: (wire: Wire, addresses: readonly string[]) => Promise<readonly WireMessage[]>])[] = [
    ['rows of one INSERT', (wire, addresses) => wire.query(inserting(...addresses))],
    ['rows of one INSERT that leaves out what is there', (wire, addresses) => wire.query(`${inserting(...addresses)} on conflict (email) do nothing`)],
    ['an INSERT each, in one message', (wire, addresses) => wire.query(addresses.map((at) => inserting(at)).join('; '))],
    ['an UPDATE each', async (wire, addresses) => {
      const heard: WireMessage[] = [];
      for (const at of addresses) heard.push(...(await wire.query(changing(at))));
      return heard;
    }],
    ['a statement that is prepared once', async (wire, addresses) => {
      wire.send(parse('s', 'update customers set email = $1 where id = 1'), ...addresses.map((at) => Buffer.concat([bind('', 's', [at]), execute()])), sync);
      return wire.readies();
    }],
    ['EXECUTE', async (wire, addresses) => {
      const heard = [...(await wire.query('prepare s(text) as update customers set email = $1 where id = 1'))];
      for (const at of addresses) heard.push(...(await wire.query(`execute s('${at}')`)));
      return heard;
    }],
    ['what is rolled back each time', async (wire, addresses) => {
      const heard: WireMessage[] = [];
      for (const at of addresses) heard.push(...(await wire.query(`begin; ${changing(at)}; rollback`)));
      return heard;
    }],
  ]; // prettier-ignore

  test.each(ways)('an hour has five: %s', async (how, say) => {
    const addresses = Array.from({ length: perHour + 1 }, (_, n) => fresh(`${how.replaceAll(' ', '-')}-${String(n)}`));
    await using wire = await open('writer');
    expect(errorsOf(await say(wire, addresses.slice(0, perHour)))).toEqual([]);
    await using other = await open('writer');
    const more = addresses.map((at) => `more-${at}`);
    expect(errorText(await say(other, more))).toMatch(tooMany);
    expect(await holders(more.slice(perHour))).toBe(0);
    await wire.query('rollback');
    // Both are counted together.
    expect(errorText(await wire.query(`select id from customers where email = '${email(3)}'`))).toMatch(tooMany);
  });

  /** Each tells of addresses that were not given, or more of those that were. */
  test.each<readonly [how: string, sql: () => string]>([
    ['a query', () => `insert into customers (name, email, ssn, card_number, city, country) select 'N', 'user' || n || '@example.com', 's', 'c', 'x', 'y' from generate_series(1, 1000) n on conflict do nothing`],
    ['a value made of the row', () => `update customers set email = lower(name) || '@example.com' where id = 2`],
    ['an upsert', () => `${inserting(email(3))} on conflict (email) do update set notes = 'found' returning id`],
    ['a merge', () => `merge into customers c using (values (1)) v(id) on c.id = v.id when matched then update set email = '${email(3)}'`],
    ['a query in WITH', () => `with w as (${inserting(email(3))} on conflict do nothing returning id) select count(*) from w`],
    ['a plan that runs', () => `explain (analyze, costs off) ${inserting(email(3))}`],
    ['a condition on the old address', () => `update customers set email = '${fresh('z')}' where email = '${email(3)}'`],
    ['COPY', () => 'copy customers (name, email, ssn, card_number, city, country) from stdin'],
  ])('%s is refused', async (_, sql) => {
    await using wire = await open('writer');
    expect(errorText(await wire.query(sql()))).toContain('42501 denied by policy');
  }); // prettier-ignore

  test.each([
    ['row-level security hides who has the value', 'alter table customers enable row level security', 'alter table customers disable row level security'],
    ['a trigger makes the row what it becomes', "create function swap() returns trigger language plpgsql as 'begin return new; end'; create trigger swap before insert or update on customers for each row execute function swap()", 'drop function swap cascade'],
    ['another key has an expression beside it', 'create unique index email_city on customers (email, lower(city))', 'drop index email_city'],
    ['another key is of some rows', "create unique index email_city on customers (city, email) where city <> 'Nowhere'", 'drop index email_city'],
    ['another key has a labelled column beside it', 'create unique index email_city on customers (email, card_number)', 'drop index email_city'],
    ['another key takes NULLs for the same', 'create unique index email_city on customers (city, email) nulls not distinct', 'drop index email_city'],
    ['another key compares in its own way', 'create unique index email_city on customers (city text_pattern_ops, email)', 'drop index email_city'],
  ])('where %s it is a key, refused', async (_, make, undo) => {
    await admin.query(make);
    try {
      await using wire = await open('writer');
      await expect.poll(async () => errorText(await wire.query(`begin; ${changing(fresh('never'))}; rollback`)), settled).toMatch(/as a key, whose values/);
    } finally {
      await admin.query(undo);
    }
  }); // prettier-ignore
});

describe('a key over a plain column and an address', () => {
  beforeAll(async () => {
    await admin.query(`
      create table tenant_users (id int generated always as identity primary key, tenant int, email text, note text, unique (tenant, email));
      insert into tenant_users (tenant, email) select t, email from customers, generate_series(1, 3) t where email is not null order by email, t;
      grant all on tenant_users to app`);
  });

  const signUp = (tenant: number | string, at: string): string =>
    `insert into tenant_users (tenant, email) values (${String(tenant)}, '${at}')`;

  test.each<readonly [how: string, taken: () => string, free: () => string]>([
    ['a sign-up', () => signUp(2, email(6)), () => signUp(9, email(6))],
    ['another address', () => `update tenant_users set email = '${email(6)}' where id = 2`, () => "update tenant_users set email = 'nobody@shop.example' where id = 1"],
    ['a move with a new address', () => `update tenant_users set tenant = 3, email = '${email(6)}' where id = 2`, () => `update tenant_users set tenant = 8, email = '${email(6)}' where id = 2`],
  ])('%s tells whether it is there in that tenant, and is a look-up', async (_, taken, free) => {
    await using wire = await open('writer');
    await expect.poll(async () => errorText(await wire.query('select id, email from tenant_users where id = 0')), settled).toBe('');
    await wire.query('begin');
    expect(errorsOf(await wire.query(`${free()} returning id`))).toEqual([]);
    const error = errorText(await wire.query(taken()));
    expect([error.includes('23505'), error.includes('withheld')]).toEqual([true, true]);
    await wire.query('rollback');
    expect(wire.heard.includes(email(6))).toBe(false);
  }); // prettier-ignore

  test('one row of it is chosen by both', async () => {
    await using wire = await open();
    const rows = rowsOf(await wire.query(`select tenant from tenant_users where tenant = 2 and email = '${email(6)}'`));
    expect(rows).toEqual([['2']]);
  });

  test.each<readonly [how: string, sql: () => string]>([
    ['a tenant that follows from a query', () => signUp('(select max(tenant) from tenant_users)', email(6))],
    ['a tenant that is not given', () => `insert into tenant_users (email) values ('${email(6)}')`],
    ['a row moved to another tenant, whose addresses its own meets', () => 'update tenant_users set tenant = 3 where id = 1'],
    ['rows moved each to another', () => `update tenant_users set tenant = tenant + 1, email = '${email(6)}' where id = 1`],
  ])('%s is refused', async (_, sql) => {
    await using wire = await open('writer');
    expect(errorText(await wire.query(`begin; ${sql()}; rollback`))).toMatch(/as a key, whose values/);
  }); // prettier-ignore
});

test('what was looked up stands in no file of the gateway', async () => {
  await rig.gateway[Symbol.asyncDispose]();
  expect(await filesWith(rig.dir, emails.slice(0, inClear))).toEqual([]);
});
