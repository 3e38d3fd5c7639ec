/**
 * How notices travel: sent, sent again along the channel's ladder until they are taken, and every try written down. What a
 * notice says and how it is signed is each channel's own business.
 */
import type { Clock } from '../domain/clock.ts';
import type { Agenda } from './agenda.ts';

/** Least wall time between two tries of one notice, for clocks on which the ladder passes in no time. */
const RETRY_WALL_MIN_MS = 200;

/**
 * `again`: a copy of a notice that was taken already. `stale`: an older notice. `forged`: signed by a stranger.
 * `foreign`: genuine, and meant for somebody else. `probe`: wrongly signed on purpose.
 */
export type Flavour = 'true' | 'again' | 'stale' | 'forged' | 'foreign' | 'probe';

/** What every notice has. */
export interface AnyNotice {
  /** The merchant's number of the refund that it is about. */
  readonly refundNo: string;
  /** The same on every try. */
  readonly noticeId: string;
  readonly eventType: string;
  /** Where it is sent. */
  readonly url: string;
}

/** One try to deliver one notice. */
export interface DeliveryView extends AnyNotice {
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

export interface NoticeParts<N extends AnyNotice> {
  readonly clock: Clock;
  readonly agenda: Agenda;
  /** Waits between the tries of one notice, in business time. */
  readonly ladderMs: readonly number[];
  /** Makes the bytes of one try. */
  readonly seal: (notice: N, flavour: Flavour) => Posting;
  /** Whether this answer means that the notice was taken. */
  readonly isTaken: (status: number, body: string) => boolean;
  /** A true notice is about to be sent: may make it a probe. */
  readonly flavourOf: (notice: N, attempt: number) => 'true' | 'probe';
  readonly onTried: (notice: N, tried: DeliveryView) => void;
  readonly log: (line: string) => void;
}

const ANSWER_TIMEOUT_MS = 5000;

type Outcome = Pick<DeliveryView, 'status' | 'error' | 'taken'>;

export class NoticeTries<N extends AnyNotice> {
  readonly #parts: NoticeParts<N>;
  readonly #deliveries: DeliveryView[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: NoticeParts<N>) {
    this.#parts = parts;
  }

  /** Every try, in the order in which they ended. */
  deliveries(): readonly DeliveryView[] {
    return [...this.#deliveries];
  }

  /** Plans a try for an instant of business time. */
  plan(notice: N, flavour: Flavour, attempt: number, dueMs: number): void {
    this.#parts.agenda.at(dueMs, () => this.send(notice, flavour, attempt));
  }

  /** Sends it now. */
  send(notice: N, wanted: Flavour, attempt: number): void {
    if (this.#stopping.signal.aborted) return;
    const flavour = wanted === 'true' ? this.#parts.flavourOf(notice, attempt) : wanted;
    const sent = this.#deliver(notice, flavour, attempt);
    this.#inFlight.add(sent);
    void sent.finally(() => this.#inFlight.delete(sent));
  }

  /** Resolves when no delivery is on its way. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
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
    this.#parts.onTried(notice, tried);
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
