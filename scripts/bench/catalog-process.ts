/** Knows one target's catalog, as a gateway does, and nothing else: what that takes is a matter of memory. */
import { openSqlAnalyzer } from '../../gateway/facts/sql/index.ts';
import { forgetfulKeeper, TargetCatalog } from '../../gateway/protocols/postgres/index.ts';
import { labelled, readerOf } from './catalog-place.ts';
import { answerParent } from './child.ts';

const [port = '', password = '', database = ''] = process.argv.slice(2);
const analyzer = openSqlAnalyzer();
const catalog = new TargetCatalog({
  target: 'bench',
  analyzer,
  reader: readerOf({ port: Number(port), password, database }),
  now: () => performance.now(),
  maxAgeMs: 3_600_000,
  onRead: () => undefined,
  onUnreadable: () => undefined,
  keeper: forgetfulKeeper(),
  onFollowed: () => undefined,
  onDoubt: (why) => {
    throw new Error(why);
  },
});
catalog.setLabels(labelled, '1');
const request = { text: Buffer.from('SELECT ssn FROM t_1'), major: 18, searchPath: ['pg_catalog', 'public'] };
await catalog.analyze(request, AbortSignal.timeout(60_000));
answerParent(Number(port), async () => {
  await catalog[Symbol.asyncDispose]();
  await analyzer[Symbol.asyncDispose]();
});
