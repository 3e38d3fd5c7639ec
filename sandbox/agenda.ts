/**
 * What is to happen at which business instant. One timer serves all; each request also looks, so that nobody is answered
 * from a past that is over. Jobs run in the order of their instants.
 */
import type { Clock } from '../domain/clock.ts';

export interface Agenda {
  /** Plans a job. One whose instant is past runs at the next look. */
  at(dueMs: number, job: () => void): void;
  /** Runs everything that is due now. Returns that instant: what was planned for then or before has run. */
  look(): number;
  /** The instant of the earliest job that has not run; null when there is none. */
  nextDueMs(): number | null;
  stop(): void;
}

interface Entry {
  readonly dueMs: number;
  readonly no: number;
  readonly job: () => void;
}

/** The timer never waits less: at a fast clock many instants fall into one look. */
const WAIT_MIN_MS = 20;
/** The timer never waits longer: a clock that is set forward by hand is noticed soon. */
const WAIT_MAX_MS = 250;

export function startAgenda(clock: Clock): Agenda {
  const heap: Entry[] = [];
  let added = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const arm = (): void => {
    clearTimeout(timer);
    const first = heap[0];
    if (stopped || first === undefined) return;
    const waitMs = clock.toWallMs(first.dueMs - clock.now().getTime());
    timer = setTimeout(look, Math.min(Math.max(waitMs, WAIT_MIN_MS), WAIT_MAX_MS));
  };
  const look = (): number => {
    const nowMs = clock.now().getTime();
    for (let first = heap[0]; first !== undefined && first.dueMs <= nowMs; first = heap[0]) {
      takeFirst(heap);
      first.job();
    }
    arm();
    return nowMs;
  };
  return {
    at: (dueMs, job) => {
      added += 1;
      add(heap, { dueMs, no: added, job });
      if (heap[0]?.job === job) arm();
    },
    look,
    nextDueMs: () => heap[0]?.dueMs ?? null,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** By instant; at the same instant by order of planning. */
function isBefore(one: Entry, other: Entry): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.no < other.no);
}

/** Binary heap: the first entry is the earliest; the children of `i` are at `2i + 1` and `2i + 2`. */
function add(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parentIndex = Math.floor((index - 1) / 2);
    const parent = heap[parentIndex];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = entry;
}

function takeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const childIndex = earlierChild(heap, index);
    const child = heap[childIndex];
    if (child === undefined || !isBefore(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
}

function earlierChild(heap: readonly Entry[], index: number): number {
  const left = heap[2 * index + 1];
  const right = heap[2 * index + 2];
  return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
}
