/**
 * The life of one refund, from the request to the channel's final word.
 *
 *   record   the database is the authority: new, the same again, or a conflict; the API has done that before it starts a refund
 *   confirm  the channel's own order query says what was captured, when, and from which kind of account
 *   submit   ends in a known outcome only: an unknown answer is found out inside, with the same number
 *   await    polls are the activity's own retries, until it comes back with the verdict
 *   verdict  evidence in, state out: drawn as well whenever a callback or a statement line comes in between
 *
 * A refund that the channel does not take (short balance, closed account, contradiction) waits here, visibly, until a
 * person retries, two people release it, or new evidence comes. No deadline appears in this file: lateness is a flag, set by overdueSweep.
 */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { hasLastWord } from '../domain/refund/bank-leg.ts';
import { isFinal } from '../domain/refund/state.ts';
import { mayBeSent } from '../domain/refund/submission.ts';
import { DATABASE, NOT_RETRYABLE, QUERY, SUBMIT } from './activity-options.ts';
import type { RefundProgress, RefundStart, RetryCommand } from './refund-messages.ts';
import { channelReported, progress, retrySubmission, statementMatched } from './refund-messages.ts';
import { CHANNEL_QUEUE } from './task-queues.ts';

const { recordRefund, recordVerdict } = proxyActivities<Activities>({
  ...DATABASE,
  retry: { ...DATABASE.retry, nonRetryableErrorTypes: [...NOT_RETRYABLE] },
});
const { submitRefund } = proxyActivities<Activities>({ ...SUBMIT, taskQueue: CHANNEL_QUEUE });
const { confirmPayment, awaitVerdict } = proxyActivities<Activities>({ ...QUERY, taskQueue: CHANNEL_QUEUE });

/**
 * Since December 2026. When no run from before them is open or kept any more, `deprecatePatch` and then nothing take their place, and
 * `hearOnce` goes with the histories of `refund-before-2026-12`. The second is the newer and holds for the first as well: one mark a run.
 */
const VERDICT_WITH_ANSWER = '2026-12-verdict-with-answer';
const COMMITTED_BEFORE = '2026-12-committed-before';

export async function refund(start: RefundStart): Promise<RefundProgress> {
  // Nobody may cancel a refund that may already have moved money: cancellation from outside is ignored.
  return CancellationScope.nonCancellable(() => walk(start));
}

async function walk(start: RefundStart): Promise<RefundProgress> {
  const news = collectNews(); // signals may come before anything else; none is lost

  const recorded = committed(start) ?? (await recordRefund(start));
  let now = news.at('recording', recorded);

  while (!hasLastWord(now)) {
    if (isWithChannel(now)) now = await hearVerdict(recorded, news);
    else if (needsPerson(now) && !news.retryAsked()) now = await hearNews(recorded, news);
    else now = await trySubmission(recorded, news);
  }

  upsertSearchAttributes({ RefundState: [now.state], NeedsReview: [false] });
  return news.at('ended', now);
}

/** Where a refund stands that was committed by who started it. A worker of before records it once more, whatever the start says. */
function committed({ merchantId, refundNo, committedId }: RefundStart): RefundStanding | undefined {
  if (committedId === undefined || !patched(COMMITTED_BEFORE)) return undefined;
  return { refundId: committedId, merchantId, refundNo, state: 'requested', reason: null };
}

/** The channel knows the refund, and (as `walk` has seen) has not had its last word: a paid one may be at the bank, an abnormal one may still succeed. */
function isWithChannel(now: RefundProgress): boolean {
  if (isFinal(now.state) || now.state === 'processing') return true;
  return now.state === 'needs_action' && now.reason === 'abnormal';
}

/** Neither the channel's next word nor another try by itself will help. */
function needsPerson(now: RefundProgress): boolean {
  return now.state === 'needs_action' && now.reason !== 'abnormal' && now.reason !== 'try_later';
}

/** Confirms the payment and puts the refund to the channel, always under the same number. */
async function trySubmission(recorded: Recorded, news: News): Promise<RefundProgress> {
  news.takeUpRetry();
  news.at('confirming', news.current());
  const confirmed = news.at('confirming', await confirmPayment(recorded));
  if (!mayBeSent(confirmed)) return confirmed;

  news.at('submitting', confirmed);
  // A person's retry ends the waiting between two submissions, never a submission under way.
  const submitted = await unlessInterrupted(
    () => submitRefund(recorded),
    () => news.retryAsked(),
  );
  return submitted === undefined ? confirmed : news.at('submitting', submitted);
}

/**
 * Asks until the channel's final word. What a callback or a statement line brings is looked at while the asking goes on. The asking
 * ends with the workflow; it is called off where the channel need not be asked now, and where it is to be asked anew.
 */
async function hearVerdict(recorded: Recorded, news: News): Promise<RefundProgress> {
  news.at('awaiting', news.current());
  if (news.heard()) return lookAgain(recorded, news);
  if (!patched(COMMITTED_BEFORE) && !patched(VERDICT_WITH_ANSWER)) return hearOnce(recorded, news);

  const asking = new CancellationScope({ cancellable: true });
  let answer: RefundStanding | null = null;
  const answered = asking.run(async () => {
    answer = await awaitVerdict(recorded);
  });
  for (;;) {
    await Promise.race([answered, condition(() => news.heard())]);
    if (answer !== null && !news.heard()) return news.at('awaiting', answer);
    const now = await lookAgain(recorded, news);
    if (hasLastWord(now)) return now;
    const stillAsked = answer === null && now.state === 'processing';
    if (stillAsked) continue;
    // A person is waited for; or people may have redirected an abnormal one, or the bank is next: then the channel is asked anew, at once.
    asking.cancel();
    return now;
  }
}

/** Waits for a person or for new evidence; the flag NeedsReview makes it findable meanwhile. */
async function hearNews(recorded: Recorded, news: News): Promise<RefundProgress> {
  const held = news.at('held', news.current());
  upsertSearchAttributes({ RefundState: [held.state], NeedsReview: [true] });
  await condition(() => news.heard() || news.retryAsked());
  return news.retryAsked() ? held : lookAgain(recorded, news);
}

async function lookAgain(recorded: Recorded, news: News): Promise<RefundProgress> {
  news.listen();
  return news.at('awaiting', await recordVerdict(recorded));
}

type RefundStanding = Awaited<ReturnType<Activities['recordRefund']>>;
/** The refund as every step is given it. */
type Recorded = RefundStanding;
type News = ReturnType<typeof collectNews>;

/** Registers every handler before the first await and remembers what came in. */
function collectNews() {
  let heard = false;
  let retries = 0;
  let takenUp = 0;
  let current: RefundProgress = { step: 'recording', state: 'requested', reason: null };

  setHandler(channelReported, () => {
    heard = true;
  });
  setHandler(statementMatched, () => {
    heard = true;
  });
  setHandler(progress, () => current);
  setHandler(
    retrySubmission,
    () => {
      retries += 1;
      return current;
    },
    {
      validator: (command: RetryCommand) => {
        if (command.operator.trim() === '' || command.why.trim() === '')
          throw new Error('say who asks, and why');
        if (current.reason === 'over_limit') {
          throw new Error('over a limit: two people release it (`yuanlu approvals release`)');
        }
        if (current.step === 'confirming') throw new Error('another try is under way already');
        if (current.step !== 'held' && current.step !== 'submitting') {
          throw new Error(`nothing to retry: the refund is ${current.state}`);
        }
      },
    },
  );

  return {
    /** Something was reported since the last `listen`. */
    heard: () => heard,
    listen: () => {
      heard = false;
    },
    /** A person asked for a retry that has not been taken up yet. */
    retryAsked: () => retries > takenUp,
    takeUpRetry: () => {
      takenUp = retries;
    },
    current: () => current,
    at: (step: RefundProgress['step'], now: Omit<RefundProgress, 'step'>): RefundProgress => {
      const { state, reason, bankLeg } = now;
      current = { step, state, reason, ...(bankLeg === undefined ? {} : { bankLeg }) };
      return current;
    },
  };
}

/** Runs work that may be dropped: resolves to undefined as soon as `interrupted` holds. */
async function unlessInterrupted<T>(
  work: () => Promise<T>,
  interrupted: () => boolean,
): Promise<T | undefined> {
  if (interrupted()) return undefined;
  const scope = new CancellationScope({ cancellable: true });
  const result = scope.run(work);
  void condition(interrupted).then(() => {
    scope.cancel();
  });
  try {
    return await result;
  } catch (error) {
    if (wasDropped(error) && interrupted()) return undefined;
    throw error;
  }
}

/** Cancelled in time, or in an attempt that wanted to come back later: then its end is the failure of that attempt. */
function wasDropped(error: unknown): boolean {
  if (isCancellation(error)) return true;
  return error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED';
}

/** As refunds were carried that were waiting before: each piece of news ended the asking, and the answer's verdict was a step of its own. */
async function hearOnce(recorded: Recorded, news: News): Promise<RefundProgress> {
  await unlessInterrupted(
    () => awaitVerdict(recorded),
    () => news.heard(),
  );
  return lookAgain(recorded, news);
}
