/** The sandbox's own time: the clock that is turned, and the agenda that does what falls due in its order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startAgenda } from '../../../sandbox/agenda.ts';
import { isTurnable, turnableClock } from '../../../sandbox/turnable-clock.ts';
import { systemClock } from '../../../workers/clock.ts';

const START = new Date('2026-09-01T02:00:00Z');

/** A wall that the test moves. */
function movableWall(): { ms: number; now: () => Date } {
  const wall = { ms: Date.parse('2030-01-01T00:00:00Z'), now: () => new Date(wall.ms) };
  return wall;
}

describe('the clock', () => {
  test('begins at its start, and goes as many times faster than the wall as its rate says', () => {
    const wall = movableWall();
    const clock = turnableClock({ start: START, rate: 60, wallNow: wall.now });

    const first = clock.now();
    wall.ms += 1_500;

    expect(first).toEqual(START);
    expect(clock.now()).toEqual(new Date(START.getTime() + 90_000));
    expect(clock.wallNow()).toEqual(new Date('2030-01-01T00:00:01.500Z'));
    expect(clock.toWallMs(90_000)).toBe(1_500);
  });

  test('without a start shows the time of the wall', () => {
    const wall = movableWall();
    const clock = turnableClock({ wallNow: wall.now });

    wall.ms += 7;

    expect(clock.now()).toEqual(wall.now());
  });

  test('at rate 0 stands still, and waits for ever', () => {
    const wall = movableWall();
    const clock = turnableClock({ start: START, rate: 0, wallNow: wall.now });

    wall.ms += 86_400_000;

    expect(clock.now()).toEqual(START);
    expect(clock.toWallMs(1)).toBe(Number.POSITIVE_INFINITY);
    expect(clock.toWallMs(0)).toBe(0);
  });

  test('goes on at its rate from where it was turned to', () => {
    const wall = movableWall();
    const clock = turnableClock({ start: START, rate: 10, wallNow: wall.now });
    const target = new Date(START.getTime() + 86_400_000);

    wall.ms += 1_000;
    clock.turnTo(target);
    const turned = clock.now();
    wall.ms += 1_000;

    expect(turned).toEqual(target);
    expect(clock.now()).toEqual(new Date(target.getTime() + 10_000));
  });

  test('never goes back, whatever is done with it', () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ turn: fc.integer({ min: -1e9, max: 1e9 }) }),
        fc.record({ wait: fc.nat({ max: 1e6 }) }),
      ),
    );

    fc.assert(
      fc.property(moves, fc.constantFrom(0, 1, 7, 100_000), (steps, rate) => {
        const wall = movableWall();
        const clock = turnableClock({ start: START, rate, wallNow: wall.now });
        let before = clock.now().getTime();
        for (const one of steps) {
          if ('turn' in one) clock.turnTo(new Date(before + one.turn));
          else wall.ms += one.wait;
          expect(clock.now().getTime()).toBeGreaterThanOrEqual(before);
          before = clock.now().getTime();
        }
      }),
    );
  });

  test('is told apart from one that is shared', () => {
    expect(isTurnable(turnableClock())).toBe(true);
    expect(isTurnable(systemClock())).toBe(false);
  });
});

describe('the agenda', () => {
  test('does what is due by instant, and at one instant by the order of planning, however it was planned', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 60 }), (delays) => {
        const clock = turnableClock({ start: START, rate: 0 });
        const agenda = startAgenda(clock);
        const done: [number, number][] = [];
        delays.forEach((delay, no) => agenda.at(START.getTime() + 1 + delay, () => done.push([delay, no])));

        clock.turnTo(new Date(START.getTime() + 100));
        agenda.look();
        agenda.stop();

        const expected = delays
          .map((delay, no): [number, number] => [delay, no])
          .toSorted(([one, oneNo], [other, otherNo]) => one - other || oneNo - otherNo);
        expect(done).toEqual(expected);
      }),
    );
  });

  test('does nothing before its instant, and each thing once', () => {
    const clock = turnableClock({ start: START, rate: 0 });
    const agenda = startAgenda(clock);
    let done = 0;
    agenda.at(START.getTime() + 10, () => (done += 1));
    const counts: number[] = [];

    for (const ms of [9, 10, 1_000]) {
      clock.turnTo(new Date(START.getTime() + ms));
      agenda.look();
      agenda.look();
      counts.push(done);
    }
    agenda.stop();

    expect(counts).toEqual([0, 1, 1]);
  });

  test('knows what comes next, also what a job planned while it ran', () => {
    const clock = turnableClock({ start: START, rate: 0 });
    const agenda = startAgenda(clock);
    const at = (ms: number): number => START.getTime() + ms;
    agenda.at(at(10), () => agenda.at(at(20), () => undefined));

    const before = agenda.nextDueMs();
    clock.turnTo(new Date(at(10)));
    agenda.look();
    const between = agenda.nextDueMs();
    clock.turnTo(new Date(at(20)));
    agenda.look();
    agenda.stop();

    expect([before, between, agenda.nextDueMs()]).toEqual([at(10), at(20), null]);
  });

  test('needs nobody to look: its timer does', async () => {
    const agenda = startAgenda(systemClock());

    const done = new Promise<string>((resolve) => {
      agenda.at(Date.now() + 1, () => {
        resolve('done');
      });
    });

    expect(await done).toBe('done');
    agenda.stop();
  });
});
