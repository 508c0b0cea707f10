import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { denialWords, type Answer, type Subject, type Wire } from './conformance-subject.ts';

interface Behaviour {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

const behaviours: readonly Behaviour[] = [
  { name: 'the same commands come out wherever the network cuts the bytes', run: cutAnywhere },
  { name: 'an unknown message is refused, not forwarded', run: unknownMessage },
  { name: 'a message over the limit is refused before it is buffered', run: tooLong },
  { name: 'a denied command never reaches the upstream', run: deniedNeverArrives },
  { name: 'the denial is readable in the native client and the session stays usable', run: denialIsReadable },
  { name: 'commands sent in one packet are judged in order', run: onePacket },
  { name: 'a masked value is absent from client, errors, notices and recording', run: maskedIsAbsent },
  { name: 'a slow client stops the upstream being read', run: slowClient },
  { name: 'hanging up during a hold cancels it', run: hangUpDuringHold },
  { name: "a hold survives the client's idle time-out", run: holdOutlivesIdleness },
  { name: 'encryption negotiated inside the protocol is terminated or refused, never passed blind', run: encryption },
  { name: 'abort closes both sockets', run: abortClosesBoth },
  { name: 'when the recorder fails, nothing runs', run: recorderFails },
];

/**
 * What every protocol has to keep, as code: one test for each behaviour.
 *
 *     conform({ open, skips: {}, test });
 *
 * @param skips a behaviour's name and the reason why the protocol cannot have it: printed with the test
 * @throws TypeError when a reason is empty or a name is none
 */
export function conform(options: {
  readonly open: () => Promise<Subject>;
  readonly skips: { readonly [name: string]: string };
  readonly test: ((name: string, run: () => Promise<void>) => void) & { skip(name: string, run: () => void): void };
}): void {
  const { open, skips, test } = options;
  for (const [name, why] of Object.entries(skips))
    if (why.trim() === '' || !behaviours.some((b) => b.name === name))
      throw new TypeError(`a skip needs a behaviour and a reason: ${name}`);
  for (const { name, run } of behaviours) {
    const why = skips[name];
    if (why !== undefined) test.skip(`${name} (skipped: ${why})`, () => undefined);
    else
      test(name, async () => {
        await using subject = await open();
        await run(subject);
      });
  }
}

async function cutAnywhere(subject: Subject): Promise<void> {
  const { world, samples } = subject;
  await using wire = await subject.connect();
  const texts = [samples.plain.text, samples.others[0]];
  let seen = 0;
  const newlyJudged = () => {
    const fresh = world.judged.slice(seen);
    seen = world.judged.length;
    return fresh;
  };
  for (const way of wire.ways) {
    const bytes = Buffer.concat(texts.map((text) => wire.encode(text, way)));
    wire.write(bytes);
    const whole = [await wire.answer(), await wire.answer()];
    const askedOnce = newlyJudged();
    assert.deepEqual([...new Set(askedOnce)], texts);
    for (let cut = 1; cut <= bytes.length; cut++) {
      // The last round sends single bytes.
      const pieces = cut < bytes.length ? [bytes.subarray(0, cut), bytes.subarray(cut)] : singles(bytes);
      for (const piece of pieces) {
        wire.write(piece);
        await turn();
      }
      assert.deepEqual([await wire.answer(), await wire.answer()], whole, `${way}, cut at ${cut}`);
      assert.deepEqual(newlyJudged(), askedOnce, `${way}, cut at ${cut}`);
    }
  }
}

async function unknownMessage(subject: Subject): Promise<void> {
  for (const { name, bytes, mark } of subject.samples.unknown) {
    const before = refusals(subject);
    await using wire = await subject.connect();
    wire.write(bytes);
    const answer = await wire.answer();
    assert.equal(answer.ok, false, name);
    assert.notEqual(answer.text, '', `${name}: the client hears why`);
    absent(subject.target.received(), mark, `${name}: reached the target`);
    assert.equal(refusals(subject), before + 1, `${name}: the log has it`);
  }
}

async function tooLong(subject: Subject): Promise<void> {
  await using wire = await subject.connect();
  wire.write(subject.samples.tooLong);
  // The rest of the message is never sent: an answer all the same shows that nobody waits for it.
  const answer = await wire.answer();
  assert.equal(answer.ok, false);
  assert.notEqual(answer.text, '');
  await wire.closed;
  assert.equal(refusals(subject), 1);
}

async function deniedNeverArrives(subject: Subject): Promise<void> {
  const { world, target, samples } = subject;
  world.say(samples.denied.mark, 'deny');
  await using wire = await subject.connect();
  for (const way of wire.ways) {
    wire.write(wire.encode(samples.denied.text, way));
    assert.equal((await wire.answer()).ok, false, way);
    wire.write(wire.encode(samples.plain.text, way));
    assert.match((await wire.answer()).text, new RegExp(samples.plain.answer), `${way}: the session stays usable`);
  }
  absent(target.received(), samples.denied.mark, 'reached the target');
  const denied = world.audit.filter((event) => event.type === 'decision' && event.effect === 'deny');
  assert.equal(denied.length, wire.ways.length, 'every denial is in the log');
}

async function denialIsReadable(subject: Subject): Promise<void> {
  const { world, samples } = subject;
  world.say(samples.denied.mark, 'deny');
  const [before, denied, after] = await subject.native([samples.plain.text, samples.denied.text, samples.plain.text]);
  assert.equal(denied?.ok, false);
  const event = world.audit.find((e) => e.effect === 'deny');
  for (const word of [...Object.values(denialWords), event?.request ?? 'no request in the log'])
    assert.ok(denied.text.includes(word), `"${word}" is not in what the user reads: ${denied.text}`);
  for (const answer of [before, after]) {
    assert.equal(answer?.ok, true);
    assert.ok(answer.text.includes(samples.plain.answer));
  }
}

async function onePacket(subject: Subject): Promise<void> {
  const { world, target, samples } = subject;
  world.say(samples.denied.mark, 'deny');
  await using wire = await subject.connect();
  const [second, third] = samples.others;
  const texts = [samples.plain.text, second, samples.denied.text, third];
  for (const way of wire.ways) {
    const seen = world.judged.length;
    wire.write(Buffer.concat(texts.map((text) => wire.encode(text, way))));
    const answers: Answer[] = [];
    for (const _ of texts) answers.push(await wire.answer());
    assert.deepEqual(
      answers.map((answer) => answer.ok),
      [true, true, false, true],
      way,
    );
    assert.ok(answers[0]?.text.includes(samples.plain.answer), `${way}: answers come in the order of the commands`);
    // A protocol may declare a command before it runs it, and so ask twice in a row.
    const judged = world.judged.slice(seen).filter((text, i, all) => text !== all[i - 1]);
    assert.deepEqual(judged, texts, way);
  }
  absent(target.received(), samples.denied.mark, 'reached the target');
}

async function maskedIsAbsent(subject: Subject): Promise<void> {
  const { world, samples } = subject;
  const { secret, value, error, notice } = samples.masked;
  await using open = await subject.connect();
  // What is masked below would be there without a mask: otherwise this could not fail.
  for (const text of [value, error, notice]) {
    for (const way of open.ways) {
      open.write(open.encode(text, way));
      assert.ok((await open.answer()).text.includes(secret), `${text} does not show the secret`);
    }
  }
  const alreadyWritten = world.written().length;
  for (const text of [value, error, notice]) world.say(text, 'mask');
  await using wire = await subject.connect();
  for (const way of wire.ways) {
    for (const text of [value, error, notice]) {
      wire.write(wire.encode(text, way));
      const answer = await wire.answer();
      assert.equal(answer.ok, text !== error, `${way}: ${text}: ${answer.text}`);
    }
  }
  absent(wire.received(), secret, 'reached the client');
  absent(Buffer.from(world.written().slice(alreadyWritten)), secret, 'was written down');
}

async function slowClient(subject: Subject): Promise<void> {
  const { target, samples } = subject;
  await using wire = await subject.connect();
  wire.stopReading();
  const [way = ''] = wire.ways;
  wire.write(wire.encode(samples.large.text, way));
  // Until nothing moves any more. A gateway that reads on moves until all of it has passed.
  for (let before = -1; before !== target.sentBytes || before < 100_000;) {
    before = target.sentBytes;
    await sleep(300);
  }
  assert.ok(target.sentBytes < samples.large.bytes, `the gateway took ${target.sentBytes} bytes nobody reads`);
  wire.readOn();
  assert.equal((await wire.answer()).ok, true);
  assert.ok(wire.received().length >= samples.large.bytes, 'and nothing of it is lost');
}

async function hangUpDuringHold(subject: Subject): Promise<void> {
  const { world, target, samples } = subject;
  world.say(samples.denied.mark, 'hold');
  for (const way of await ways(subject)) {
    const seen = world.audit.length;
    await using wire = await subject.connect();
    wire.write(wire.encode(samples.denied.text, way));
    const hold = await world.nextHold();
    wire.hangUp();
    await aborted(hold.signal);
    // An approval that comes too late releases nothing.
    hold.approve();
    await target.idle();
    const resolved = world.audit.slice(seen).filter((event) => event.type === 'hold.resolved');
    assert.deepEqual(
      resolved.map((event) => event.effect),
      ['cancelled'],
      way,
    );
  }
  assert.equal(await target.hasRun(), false);
}

async function holdOutlivesIdleness(subject: Subject): Promise<void> {
  const { world, samples } = subject;
  world.say(samples.plain.text, 'hold');
  await using wire = await subject.connect();
  for (const way of wire.ways) {
    wire.write(wire.encode(samples.plain.text, way));
    const hold = await world.nextHold();
    // A client gives up when nothing comes for some time: something has to come again and again.
    for (let signs = 0, before = wire.received().length; signs < 3; await turn()) {
      if (wire.received().length === before) continue;
      before = wire.received().length;
      signs++;
    }
    hold.approve();
    const answer = await wire.answer();
    assert.equal(answer.ok, true, way);
    assert.ok(answer.text.includes(samples.plain.answer), way);
  }
}

async function encryption(subject: Subject): Promise<void> {
  const { target, encryptions } = subject;
  assert.ok(encryptions.length > 0);
  for (const { name, bytes, attempt } of encryptions) {
    assert.notEqual(await attempt(), 'passed', name);
    await target.idle();
    assert.equal(target.received().includes(bytes), false, `${name}: reached the target`);
  }
}

async function abortClosesBoth(subject: Subject): Promise<void> {
  const { world, target, samples } = subject;
  world.say(samples.denied.mark, 'hold');
  const aborts: readonly (readonly [name: string, abort: (wire: Wire) => void, whileRunning: boolean])[] = [
    ['the client hangs up', (wire) => wire.hangUp(), true],
    ['the target crashes', () => target.crash(), true],
    ['the session must end', () => world.endSessions('session ended by the suite'), false],
    // Last: nobody gets in afterwards.
    ['the gateway drains', () => subject.drain(), false],
  ];
  for (const [name, abort, whileRunning] of aborts) {
    const idle = await subject.connect();
    const holding = await subject.connect();
    holding.write(holding.encode(samples.denied.text, holding.ways[0] ?? ''));
    const hold = await world.nextHold();
    const wires = [idle, holding];
    if (whileRunning) {
      const running = await subject.connect();
      running.write(running.encode(samples.endless, running.ways[0] ?? ''));
      while (!target.received().includes(samples.endless)) await turn();
      wires.push(running);
    }
    for (const wire of wires) abort(wire);
    for (const wire of wires) await wire.closed;
    await target.idle();
    await aborted(hold.signal);
    assert.equal(await target.hasRun(), false, name);
  }
}

async function recorderFails(subject: Subject): Promise<void> {
  const { world, target, samples } = subject;
  await using wire = await subject.connect();
  for (const what of ['log', 'recording'] as const) {
    for (const way of wire.ways) {
      world.failing = what;
      wire.write(wire.encode(samples.denied.text, way));
      const answer = await wire.answer();
      assert.equal(answer.ok, false, `${what}, ${way}`);
      world.failing = 'nothing';
      wire.write(wire.encode(samples.plain.text, way));
      assert.equal((await wire.answer()).ok, true, `${what}, ${way}: works again once it can be written`);
      assert.equal(await target.hasRun(), false, `${what}, ${way}: ran unrecorded`);
    }
  }
  world.failing = 'results';
  wire.write(wire.encode(samples.plain.text, wire.ways[0] ?? ''));
  const before = wire.received().length;
  assert.equal((await wire.answer()).ok, false, 'a result that cannot be recorded');
  absent(wire.received().subarray(before), samples.plain.answer, 'reached the client unrecorded');
}

// --- small parts ------------------------------------------------------------------------------------------------------------------

function absent(bytes: Buffer, word: string, what: string): void {
  assert.equal(bytes.includes(word), false, `"${word}" ${what}`);
}

function refusals(subject: Subject): number {
  return subject.world.audit.filter((event) => event.type === 'refused').length;
}

function singles(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

async function ways(subject: Subject): Promise<readonly string[]> {
  await using wire = await subject.connect();
  return wire.ways;
}

async function aborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await turn();
}
