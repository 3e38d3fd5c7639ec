/** What the rules suggest of many breaks, as one list, and accepting it: the very list that a person saw, and within the limits. */
import type { Approval } from '../domain/approval.ts';
import { BULK_REFUNDS_MAX } from '../domain/approval.ts';
import { AppError } from '../domain/errors.ts';
import type { Acceptable, AcceptableAct } from '../domain/statement/accepting.ts';
import { acceptingRefused, isAcceptable } from '../domain/statement/accepting.ts';
import { atStakeMinor } from '../domain/statement/break-work.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { contentOfAct } from './acts/carry-out.ts';
import { askForApproval } from './approvals.ts';
import { explainBreak } from './break-facts.ts';
import { currentBreakRules } from './break-rules.ts';
import type { BreakDeed } from './break-work.ts';
import { workOnBreak } from './break-work.ts';
import type { Break, BreakFilter } from './breaks.ts';
import { listBreaks } from './breaks.ts';
import { fingerprint } from './fingerprint.ts';
import type { Db, Pool } from './pool.ts';

export interface SuggestionFilter extends Pick<BreakFilter, 'accountId' | 'billDate' | 'kind' | 'after'> {
  readonly merchantId: string;
  readonly act?: AcceptableAct;
  /** Only breaks with this much at stake at most, minor units. */
  readonly maxStakeMinor?: bigint;
  /** How many suggestions one list has, {@link BULK_REFUNDS_MAX} at most. */
  readonly limit: number;
}

/** A break and what can be done about it at once. */
export interface Suggested {
  readonly break: Break;
  readonly suggestion: Acceptable;
}

/** A break whose suggestion is not done, and why. */
export interface LeftOut {
  readonly breakId: string;
  readonly why: string;
}

export interface SuggestionList {
  readonly suggested: readonly Suggested[];
  readonly leftOut: readonly LeftOut[];
  /** Of the list as a person sees it: accepted is this list, or nothing. */
  readonly fingerprint: string;
  /** The `after` of the next list; null when this was the last. */
  readonly next: string | null;
}

/** Breaks that are looked through for one list. */
const LOOKED_AT_MAX = 1_000;
const PAGE = 200;

/** Open breaks that nobody has put off, and what the rules suggest of them. Writes nothing. */
export async function suggestionsOf(db: Db, filter: SuggestionFilter, now: Date): Promise<SuggestionList> {
  const rules = await currentBreakRules(db);
  const today = beijingDateOf(now);
  const asked = await askedAlready(db, filter.merchantId, now);
  const { maxStakeMinor, act, limit, ...rest } = filter;
  const found: Suggested[] = [];
  const leftOut: LeftOut[] = [];
  const seen = { after: filter.after, looked: 0 };
  let next: string | null = null;
  search: for (;;) {
    const page = await listBreaks(db, {
      ...rest,
      ...(seen.after === undefined ? {} : { after: seen.after }),
      ...{ status: 'open', parked: { is: false, today }, limit: PAGE },
    });
    for (const one of page.breaks) {
      if (found.length === limit || seen.looked === LOOKED_AT_MAX) {
        next = seen.after ?? null;
        break search;
      }
      seen.after = one.id;
      seen.looked += 1;
      if (maxStakeMinor !== undefined && atStakeMinor(one) > maxStakeMinor) continue;
      const { suggestion } = await explainBreak(db, one, now);
      if (!isAcceptable(suggestion) || (act !== undefined && suggestion.act !== act)) continue;
      const why = waitsFor(asked, one, suggestion) ?? acceptingRefused(one, suggestion, { rules, today });
      if (why === null) found.push({ break: one, suggestion });
      else leftOut.push({ breakId: one.id, why });
    }
    if (page.next === null) break;
  }
  const { suggested, contested } = onceEach(found);
  return { suggested, leftOut: [...leftOut, ...contested], fingerprint: printOf(filter, suggested), next };
}

/** Of breaks about which a second person was asked already: the number of the request. */
async function askedAlready(db: Db, merchantId: string, now: Date): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ break_id: bigint; approval: bigint }>(
    `select unnest(a.break_ids) as break_id, a.id as approval from yuanlu.approvals a
      where a.merchant_id = $1 and a.break_ids is not null and a.verdict is null and a.expires_at > $2
      order by a.id`,
    [merchantId, now],
  );
  return new Map(rows.map((row) => [String(row.break_id), String(row.approval)]));
}

function waitsFor(asked: ReadonlyMap<string, string>, one: Break, suggestion: Acceptable): string | null {
  const about = suggestion.act === 'force_match' ? suggestion.breakId : one.id;
  const approval = asked.get(about);
  return approval === undefined ? null : `request ${approval} waits for a second person`;
}

/**
 * A line and the refund that it is missing for are two breaks with one answer: it is asked for once. Where several lines would
 * get one refund, people know which.
 */
function onceEach(found: readonly Suggested[]): {
  readonly suggested: readonly Suggested[];
  readonly contested: readonly LeftOut[];
} {
  const linesOf = new Map<string, Set<string>>();
  for (const { suggestion: one } of found)
    if (one.act === 'force_match')
      linesOf.set(one.refundNo, (linesOf.get(one.refundNo) ?? new Set()).add(one.breakId));
  const suggested: Suggested[] = [];
  const contested: LeftOut[] = [];
  const asked = new Set<string>();
  for (const each of found) {
    const { suggestion } = each;
    if (suggestion.act === 'force_match') {
      if ((linesOf.get(suggestion.refundNo)?.size ?? 0) > 1) {
        contested.push({ breakId: each.break.id, why: `several lines fit refund ${suggestion.refundNo}` });
        continue;
      }
      if (asked.has(suggestion.refundNo)) continue;
      asked.add(suggestion.refundNo);
    }
    suggested.push(each);
  }
  return { suggested, contested };
}

function printOf(filter: SuggestionFilter, suggested: readonly Suggested[]): string {
  const said = suggested.map(({ break: one, suggestion }) => [one.id, one.revision, suggestion]);
  return fingerprint({ merchant_id: filter.merchantId, suggested: JSON.stringify(said) });
}

export interface Accepting {
  readonly list: SuggestionList;
  readonly merchantId: string;
  /** The person. */
  readonly by: string;
  /** In their words; it stands with every break that they end, and as the reason of what they ask for. */
  readonly note: string;
  /** What they saw outside of this system; write-offs need it. */
  readonly proof?: string | undefined;
  readonly now: Date;
}

export interface Accepted {
  readonly approvals: readonly Approval[];
  /** What changed between the look at it and the deed. */
  readonly leftOut: readonly LeftOut[];
}

/** Whether a second person is asked for any of it. */
export function takesTwo({ suggested }: SuggestionList): boolean {
  return suggested.some(({ suggestion: { act } }) => act === 'write_off' || act === 'force_match');
}

/**
 * Asks a second person for what takes two, and then does what one person does, each break by itself.
 * @throws AppError `request_invalid` for write-offs without proof, before anything is done
 */
export async function acceptSuggestions(pool: Pool, accepting: Accepting): Promise<Accepted> {
  const approvals: Approval[] = [];
  for (const asked of requestsFor(accepting)) approvals.push(await ask(pool, accepting, asked));
  const leftOut: LeftOut[] = [];
  for (const each of accepting.list.suggested) {
    const deed = deedOf(each.suggestion, accepting.note);
    if (deed === null) continue;
    const why = await done(pool, accepting, each, deed);
    if (why !== null) leftOut.push({ breakId: each.break.id, why });
  }
  return { approvals, leftOut };
}

interface Request {
  readonly act: 'force_match' | 'write_off_break';
  readonly breakIds: readonly string[];
  readonly told: Readonly<Record<string, string>>;
}

/** One request for the write-offs of each reason, and one for each line: an act gives one line to one refund. */
function requestsFor({ list, proof }: Accepting): readonly Request[] {
  const requests: Request[] = [];
  const byCode = new Map<string, string[]>();
  for (const { break: one, suggestion } of list.suggested) {
    if (suggestion.act === 'force_match') {
      const { breakId, refundNo, code } = suggestion;
      requests.push({ act: 'force_match', breakIds: [breakId], told: { refund_no: refundNo, code } });
    } else if (suggestion.act === 'write_off')
      byCode.set(suggestion.code, [...(byCode.get(suggestion.code) ?? []), one.id]);
  }
  for (const [code, breakIds] of byCode) {
    if (proof === undefined) throw new AppError('request_invalid', { proof: 'a write-off needs it', code });
    requests.push({ act: 'write_off_break', breakIds, told: { code, proof } });
  }
  return requests;
}

async function ask(pool: Pool, accepting: Accepting, { act, breakIds, told }: Request): Promise<Approval> {
  const { merchantId, by, note, now } = accepting;
  const about = { merchantId, act, subject: { of: 'breaks', breakIds } } as const;
  const content = await contentOfAct(pool, { ...about, told });
  return askForApproval(pool, { ...about, content, askedBy: by, reason: note, now });
}

function deedOf(suggestion: Acceptable, note: string): BreakDeed | null {
  if (suggestion.act === 'resolve') return { kind: 'resolved', code: suggestion.code, note };
  if (suggestion.act === 'wait')
    return { kind: 'parked', until: suggestion.until, code: 'awaiting_statement', note };
  return null;
}

/** Does it while the rules still say the same of the break; in words why not otherwise. */
async function done(
  pool: Pool,
  { merchantId, by, now }: Accepting,
  { break: seen, suggestion }: Suggested,
  deed: BreakDeed,
): Promise<string | null> {
  try {
    await workOnBreak(pool, {
      ...{ breakId: seen.id, merchantId, deed, by, now, suggested: suggestion.why },
      assertAsSeen: async (tx, one) => {
        const { suggestion: is } = await explainBreak(tx, one, now);
        if (one.revision !== seen.revision || JSON.stringify(is) !== JSON.stringify(suggestion))
          throw new AppError('precondition_failed', { number: one.id });
      },
    });
    return null;
  } catch (error) {
    if (error instanceof AppError && CHANGED.some((code) => code === error.code))
      return 'it changed meanwhile';
    throw error;
  }
}

const CHANGED = ['precondition_failed', 'break_closed', 'break_needs_two_people'] as const;

/** More than this is asked for, and ended, in several lists. */
export const SUGGESTIONS_MAX = BULK_REFUNDS_MAX;
