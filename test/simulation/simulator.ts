/**
 * One story: a payment, a few refunds of it, workers that are killed and overtaken, a channel that loses and delays,
 * notices and statement lines in any order and number. Everything follows from the seed. A story ends with a phase without
 * faults, in which every refund must come to an end that the channel's ledger agrees with.
 */
import { isFinal } from '../../domain/refund/state.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import type { Dice } from './dice.ts';
import { diceOf } from './dice.ts';
import { checkAlways, checkEnd, checkOrder, checkStep } from './invariants.ts';
import type { SimBooks, SimRefund } from './sim-books.ts';
import { simBooks } from './sim-books.ts';
import type { SimChannel } from './sim-channel.ts';
import { HOUR_MS, simChannel } from './sim-channel.ts';
import type { Rules } from './sim-rules.ts';
import { REAL_RULES } from './sim-rules.ts';
import type { Desk, Walk } from './sim-worker.ts';
import { carry } from './sim-worker.ts';

export interface Story {
  readonly seed: number;
  /** Invariants that were broken, each once; empty for a good story. */
  readonly broken: readonly string[];
  /** What happened, in order, for whoever has to understand it. */
  readonly log: readonly string[];
  /** What the story had in it: states that were met, faults that happened. */
  readonly met: ReadonlySet<string>;
}

const START_MS = Date.parse('2026-11-24T02:00:00Z');
const FAULTS_FOR_MS = 72 * HOUR_MS;
/** Steps of one story: far more than any has. One that needs them all does not come to an end. */
const STEPS_MAX = 20_000;

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly what: string;
  readonly happen: () => void;
}

interface Stage {
  readonly dice: Dice;
  readonly books: SimBooks;
  readonly channel: SimChannel;
  readonly desk: Desk;
  readonly now: () => Date;
  readonly later: (afterMs: number, what: string, happen: () => void) => void;
  /** Plays what is due until the instant, or until nothing is left. */
  readonly playUntil: (atMs: number) => void;
  readonly note: (met: string) => void;
  /** How many workers walk with a refund just now: one, and at most one that was taken for dead. */
  readonly walking: Map<SimRefund, number>;
  faulty: boolean;
}

const WORKERS_MAX = 2;

export function play(seed: number, rules: Rules = REAL_RULES): Story {
  const broken = new Set<string>();
  const log: string[] = [];
  const met = new Set<string>();
  const stage = setStage(seed, rules, { broken, log, met });
  const refunds = 1 + stage.dice.below(4);
  for (let one = 0; one < refunds; one += 1) {
    stage.later(stage.dice.below(24 * HOUR_MS), 'a refund is asked for', () => {
      ask(stage);
    });
  }
  stage.playUntil(START_MS + FAULTS_FOR_MS);
  endInPeace(stage);
  for (const one of checkEnd(stage.books, stage.channel, stage.now(), rules)) broken.add(one);
  for (const refund of stage.books.refunds) {
    for (const { status } of refund.path)
      met.add(status.reason === null ? status.state : `${status.state}/${status.reason}`);
  }
  return { seed, broken: [...broken], log, met };
}

interface Record {
  readonly broken: Set<string>;
  readonly log: string[];
  readonly met: Set<string>;
}

function setStage(seed: number, rules: Rules, record: Record): Stage {
  const dice = diceOf(seed);
  const capturedMinor = BigInt(100 + dice.below(900));
  let nowMs = START_MS;
  let order = 0;
  const events: Event[] = [];
  const now = (): Date => new Date(nowMs);
  const later: Stage['later'] = (afterMs, what, happen) => {
    order += 1;
    events.push({ atMs: nowMs + afterMs, order, what, happen });
  };
  const complain = (found: readonly string[]): void => {
    for (const one of found) record.broken.add(one);
  };
  const books = watched(simBooks(capturedMinor, rules), (refund, before) => {
    complain(checkStep(refund, before, channel, now()));
    record.log.push(
      `${now().toISOString()}   ${refund.refundNo} ${before} -> ${refund.status.state} by ${refund.path.at(-1)?.by ?? ''}`,
    );
  });
  const channel: SimChannel = simChannel({
    ...{ dice, now, later, capturedMinor },
    notify: (report, noticeId) => {
      const refund = books.refunds.find((one) => one.refundNo === report.refundNo);
      if (refund === undefined) return;
      books.commit(refund, {
        ...reportFacts(report),
        source: 'callback',
        ref: noticeId,
        at: now().toISOString(),
      });
    },
  });
  const desk: Desk = {
    ...{ books, channel, rules, now },
    onOrder: (refund, sentAs) => {
      complain(checkOrder(refund, sentAs));
    },
  };
  let steps = 0;
  return {
    ...{ dice, books, channel, desk, now, later, faulty: true, walking: new Map<SimRefund, number>() },
    note: (one) => record.met.add(one),
    playUntil: (untilMs) => {
      for (let next = takeNext(events, untilMs); next !== undefined; next = takeNext(events, untilMs)) {
        nowMs = Math.max(nowMs, next.atMs);
        record.log.push(`${now().toISOString()} ${next.what}`);
        next.happen();
        complain(checkAlways(books, channel));
        steps += 1;
        if (steps > STEPS_MAX) throw new Error(`seed ${seed} does not come to an end`);
      }
      if (untilMs !== Number.POSITIVE_INFINITY) nowMs = Math.max(nowMs, untilMs);
    },
  };
}

/** The earliest event that is due; events of one instant in the order in which they were planned. */
function takeNext(events: Event[], untilMs: number): Event | undefined {
  let best = -1;
  for (const [index, event] of events.entries()) {
    if (event.atMs > untilMs) continue;
    const other = events[best];
    if (
      other === undefined ||
      event.atMs < other.atMs ||
      (event.atMs === other.atMs && event.order < other.order)
    )
      best = index;
  }
  return best === -1 ? undefined : events.splice(best, 1)[0];
}

/** The books, with somebody who is told of every change together with the state before it. */
function watched(
  books: SimBooks,
  changed: (refund: SimRefund, before: SimRefund['status']['state']) => void,
): SimBooks {
  return {
    ...books,
    commit: (refund, ...evidence) => {
      const before = refund.status.state;
      const known = refund.known;
      books.commit(refund, ...evidence);
      if (refund.known !== known) changed(refund, before);
    },
  };
}

function ask(stage: Stage): void {
  const { books, dice } = stage;
  const refund = books.request(1n + BigInt(dice.below(Number(books.capturedMinor))));
  if (refund === null) stage.note('refused: over the payment');
  else startWorker(stage, refund);
}

function startWorker(stage: Stage, refund: SimRefund): void {
  const walking = stage.walking.get(refund) ?? 0;
  if (walking >= WORKERS_MAX) return;
  stage.walking.set(refund, walking + 1);
  walk(stage, refund, carry(stage.desk, refund));
}

function leave(stage: Stage, refund: SimRefund): void {
  stage.walking.set(refund, (stage.walking.get(refund) ?? 1) - 1);
}

/** Takes a worker one step further, and lets happen to it what may happen to a worker between two steps. */
function walk(stage: Stage, refund: SimRefund, worker: Walk): void {
  const { dice, faulty, later } = stage;
  const step = worker.next();
  if (step.done === true) {
    leave(stage, refund);
    afterWorker(stage, refund);
    return;
  }
  const { at, waitMs } = step.value;
  const goOn = (): void => {
    walk(stage, refund, worker);
  };
  const fate = faulty
    ? dice.pick('goes on', 'goes on', 'goes on', 'goes on', 'is killed', 'stands still')
    : 'goes on';
  if (fate === 'is killed') {
    stage.note(`killed ${at}`);
    leave(stage, refund);
    later(dice.below(HOUR_MS), `${refund.refundNo}: another worker`, () => {
      startWorker(stage, refund);
    });
    return;
  }
  later(waitMs + dice.below(1_000), `${refund.refundNo}: ${at}`, goOn);
  if (fate !== 'stands still') return;
  // Taken for dead: a second worker carries the refund while the first one still goes on.
  stage.note(`overtaken ${at}`);
  if (dice.chance(0.5))
    later(dice.below(HOUR_MS), `${refund.refundNo}: a second worker`, () => {
      startWorker(stage, refund);
    });
}

/** Nobody carries a refund that waits for a person, until the person has had a look. */
function afterWorker(stage: Stage, refund: SimRefund): void {
  const { dice, faulty, later } = stage;
  if (isFinal(refund.status.state) || !faulty || dice.chance(0.3)) return;
  later(dice.below(12 * HOUR_MS), `${refund.refundNo}: a person retries`, () => {
    startWorker(stage, refund);
  });
}

/** A line of the statement for everything that the channel took, some of them in two files. */
function bringStatement(stage: Stage): void {
  const { books, channel, dice } = stage;
  for (const { refundNo, amountMinor } of channel.ledger.movements) {
    const refund = books.refunds.find((one) => one.refundNo === refundNo);
    if (refund === undefined) continue;
    for (let file = 0; file <= dice.below(2); file += 1) {
      const fileSha256 = `file-${String(file)}`;
      books.commit(refund, {
        ...{
          kind: 'statement_line',
          source: 'statement',
          ref: `${fileSha256}:${refundNo}`,
          lineNo: 1,
          fileSha256,
        },
        ...{ at: stage.now().toISOString(), proves: 'acceptance', amountMinor: amountMinor.toString() },
        billDate: '2026-11-25',
      });
    }
  }
}

/** No more faults: what is on its way comes in, every refund is carried, persons retry, and the statement comes. */
function endInPeace(stage: Stage): void {
  stage.faulty = false;
  stage.channel.settleDown();
  for (let round = 0; round < 3; round += 1) {
    for (const refund of stage.books.refunds) startWorker(stage, refund);
    stage.playUntil(Number.POSITIVE_INFINITY);
    bringStatement(stage);
  }
}
