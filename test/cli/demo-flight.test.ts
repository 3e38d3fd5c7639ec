/** Requests that are due wait for those before them: a slow machine is asked a few things at once, never all. */
import { describe, expect, test } from 'vitest';
import { createFlight } from '../../cli/demo/flight.ts';

function flightOf(max: number) {
  const time = { nowMs: 0 };
  const flight = createFlight({ max, nowMs: () => time.nowMs });
  const begun: string[] = [];
  const land = new Map<string, () => void>();
  const fly = (name: string): Promise<void> =>
    flight.take(() => {
      begun.push(name);
      return new Promise<void>((resolve) => land.set(name, resolve));
    });
  const landed = async (name: string): Promise<void> => {
    land.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { time, flight, begun, fly, landed };
}

describe('requests in flight', () => {
  test('are so many at most; the others begin in their order, each as one ends', async () => {
    const { begun, fly, landed } = flightOf(2);
    const all = ['a', 'b', 'c', 'd'].map(fly);
    await landed('none');
    expect(begun).toEqual(['a', 'b']);

    await landed('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await landed('a');
    await landed('c');
    await landed('d');
    await Promise.all(all);
  });

  test('are as old as the oldest that is due, whether it has begun or not', async () => {
    const { time, flight, fly, landed } = flightOf(1);
    expect(flight.oldestMs()).toBe(0);
    void fly('a');
    time.nowMs = 400;
    void fly('b');
    await landed('none');
    time.nowMs = 1_000;
    expect(flight.oldestMs()).toBe(1_000);

    await landed('a');
    expect(flight.oldestMs()).toBe(600);
    await landed('b');
    expect(flight.oldestMs()).toBe(0);
  });

  test('make room when they fail, too', async () => {
    const { flight, begun, fly } = flightOf(1);
    const failing = flight.take(() => Promise.reject(new Error('refused')));
    void fly('next');

    await expect(failing).rejects.toThrow('refused');
    expect(begun).toEqual(['next']);
  });
});
