/**
 * How notices travel: sent, sent again along the channel's ladder until they are taken, and every try written down. What a
 * notice says and how it is signed is each channel's own business.
 */
import type { Clock } from '../domain/clock.ts';
import type { Agenda } from './agenda.ts';
import { refill, refillList } from './refill.ts';

/** Least wall time between two tries of one notice, for clocks on which the ladder passes in no time. */
const RETRY_WALL_MIN_MS = 200;

/**
 * `again`: a copy of a notice that was taken already. `stale`: an older notice. `forged`: signed by a stranger.
 * `foreign`: genuine, and meant for somebody else. `probe`: wrongly signed on purpose.
 */
export type Flavour = 'true' | 'again' | 'stale' | 'forged' | 'foreign' | 'probe';

/** Of these nobody should believe a word. */
export const FALSE_FLAVOURS: ReadonlySet<Flavour> = new Set<Flavour>(['forged', 'foreign', 'probe']);

interface NoticeFacts {
  /** The merchant's number of the refund that it is about. */
  readonly refundNo: string;
  /** The same on every try. */
  readonly noticeId: string;
  readonly eventType: string;
  /** Where it is sent. */
  readonly url: string;
}

/** What every notice has. */
export interface AnyNotice extends NoticeFacts {
  /** What it is about: one and the same object for all notices of a refund. */
  readonly refund: object;
}

/** One try to deliver one notice. */
export interface DeliveryView extends NoticeFacts {
  readonly flavour: Flavour;
  /** 1 for the first try of this notice. */
  readonly attempt: number;
  readonly at: Date;
  /** What the receiver answered; null when it did not within five seconds, or not at all. */
  readonly status: number | null;
  /** Why there was no answer; null when there was one. */
  readonly error: string | null;
  /** Whether the answer was the channel's word for "taken". */
  readonly taken: boolean;
}

/** A notice as it is posted: body and headers signed for this one try. */
export interface Posting {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The plan of troubles, as far as every channel's notices have some. */
interface NoticeTroubles {
  use(refundNo: string, what: string, kind: 'callback_lost' | 'callback_twice'): unknown;
  note(refundNo: string, kind: string, what: string): void;
}

export interface NoticeParts<N extends AnyNotice> {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly plan: NoticeTroubles;
  /** Waits between the tries of one notice, in business time. */
  readonly ladderMs: readonly number[];
  /** Makes the bytes of one try. */
  readonly seal: (notice: N, flavour: Flavour) => Posting;
  /** Whether this answer means that the notice was taken. */
  readonly isTaken: (status: number, body: string) => boolean;
  /** A true notice is about to be sent: may make it a probe. Never does when absent. */
  readonly flavourOf?: (notice: N, attempt: number) => 'true' | 'probe';
  /** A true notice was taken, at this instant of business time: for troubles that only this channel has. */
  readonly onTaken: (notice: N, nowMs: number) => void;
  readonly log: (line: string) => void;
}

const ANSWER_TIMEOUT_MS = 5000;
/** What follows a notice that was taken does so a second later, a second apart. */
export const FOLLOWS_AFTER_MS = 1000;

/** A try that is to be made at an instant of business time. */
interface PlannedTry<N> {
  readonly notice: N;
  readonly flavour: Flavour;
  readonly attempt: number;
  readonly dueMs: number;
}

export interface KeptTries<N> {
  readonly deliveries: readonly DeliveryView[];
  readonly newest: ReadonlyMap<object, N>;
  readonly pending: readonly PlannedTry<N>[];
}

type Outcome = Pick<DeliveryView, 'status' | 'error' | 'taken'>;

export class NoticeTries<N extends AnyNotice> {
  readonly #parts: NoticeParts<N>;
  readonly #deliveries: DeliveryView[] = [];
  readonly #newest = new Map<object, N>();
  /** Tries that are planned, or on their way. */
  readonly #pending = new Set<PlannedTry<N>>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: NoticeParts<N>) {
    this.#parts = parts;
  }

  snapshot(): KeptTries<N> {
    return { deliveries: this.#deliveries, newest: this.#newest, pending: [...this.#pending] };
  }

  /** Tries that were on their way are made again: a channel that was cut off does so, too. */
  restore(kept: KeptTries<N>): void {
    refillList(this.#deliveries, kept.deliveries);
    refill(this.#newest, kept.newest);
    for (const { notice, flavour, attempt, dueMs } of kept.pending)
      this.plan(notice, flavour, attempt, dueMs);
  }

  /** Every try, in the order in which they ended. */
  deliveries(): readonly DeliveryView[] {
    return [...this.#deliveries];
  }

  /** A true notice sets out at an instant of business time, unless it is lost. */
  setOut(notice: N, dueMs: number): void {
    this.#newest.set(notice.refund, notice);
    if (this.#parts.plan.use(notice.refundNo, `${notice.eventType} is not sent`, 'callback_lost')) return;
    this.plan(notice, 'true', 1, dueMs);
  }

  /** Sends the newest true notice of a refund once more. False when there is none. */
  resend(refund: object): boolean {
    const notice = this.#newest.get(refund);
    if (notice === undefined) return false;
    this.#send({ notice, flavour: 'again', attempt: 1, dueMs: this.#parts.clock.now().getTime() });
    return true;
  }

  /** Plans a try for an instant of business time. */
  plan(notice: N, flavour: Flavour, attempt: number, dueMs: number): void {
    const planned = { notice, flavour, attempt, dueMs };
    this.#pending.add(planned);
    this.#parts.agenda.at(dueMs, () => this.#send(planned));
  }

  /** Resolves when no delivery is on its way. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
  }

  #send(planned: PlannedTry<N>): void {
    if (this.#stopping.signal.aborted) return;
    const { notice, flavour: wanted, attempt } = planned;
    const flavour = (wanted === 'true' ? this.#parts.flavourOf?.(notice, attempt) : undefined) ?? wanted;
    const sent = this.#deliver(notice, flavour, attempt);
    this.#inFlight.add(sent);
    void sent.finally(() => {
      this.#inFlight.delete(sent);
      this.#pending.delete(planned);
    });
  }

  async #deliver(notice: N, flavour: Flavour, attempt: number): Promise<void> {
    const at = this.#parts.clock.now();
    const outcome = await this.#post(notice, flavour);
    const { refundNo, noticeId, eventType, url } = notice;
    const tried = { refundNo, noticeId, eventType, url, flavour, attempt, at, ...outcome };
    this.#deliveries.push(tried);
    this.#parts.log(
      `callback ${eventType} of ${refundNo}, ${flavour}, try ${String(attempt)}: ${tried.error ?? String(tried.status)}`,
    );
    this.#noteBelief(tried);
    if (flavour === 'true' && tried.taken) this.#afterTaken(notice);
    if (flavour === 'probe' || (flavour === 'true' && !tried.taken)) this.#retry(notice, attempt, at);
  }

  /** Nothing is thrown: whatever happens on the way is a try that failed. */
  async #post(notice: N, flavour: Flavour): Promise<Outcome> {
    const { body, headers } = this.#parts.seal(notice, flavour);
    try {
      const answer = await fetch(notice.url, {
        method: 'POST',
        headers: { ...headers },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_TIMEOUT_MS), this.#stopping.signal]),
      });
      const text = await answer.text();
      return { status: answer.status, error: null, taken: this.#parts.isTaken(answer.status, text) };
    } catch (error) {
      return { status: null, error: reasonOf(error), taken: false };
    }
  }

  #noteBelief({ refundNo, flavour, taken }: DeliveryView): void {
    if (!FALSE_FLAVOURS.has(flavour)) return;
    const what = taken ? 'BELIEVED by the receiver' : 'refused by the receiver';
    this.#parts.plan.note(refundNo, `callback_${flavour}`, what);
  }

  #afterTaken(notice: N): void {
    const { plan, clock, onTaken } = this.#parts;
    const nowMs = clock.now().getTime();
    for (
      let copy = 1;
      plan.use(notice.refundNo, `copy ${String(copy)} is sent`, 'callback_twice');
      copy += 1
    ) {
      this.plan(notice, 'again', copy, nowMs + copy * FOLLOWS_AFTER_MS);
    }
    onTaken(notice, nowMs);
  }

  #retry(notice: N, attempt: number, triedAt: Date): void {
    const waitMs = this.#parts.ladderMs[attempt - 1];
    if (waitMs === undefined) return;
    const wallPerBusinessMs = this.#parts.clock.toWallMs(1);
    const floorMs = wallPerBusinessMs > 0 ? RETRY_WALL_MIN_MS / wallPerBusinessMs : 0;
    this.plan(notice, 'true', attempt + 1, triedAt.getTime() + Math.max(waitMs, floorMs));
  }
}

/** `fetch` says "fetch failed" and keeps what really happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${String(ANSWER_TIMEOUT_MS)} ms`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : error.message);
}
