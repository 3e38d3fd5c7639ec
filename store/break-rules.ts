/** Rules of breaks that were imported. Append-only: the highest revision counts, the others are history. */
import { AppError } from '../domain/errors.ts';
import type { BreakRules } from '../domain/statement/break-work.ts';
import { BREAK_RULES, WRITE_OFF_CODES, writeOffLimits } from '../domain/statement/break-work.ts';
import type { EndingCode, EndingKind, ResolvingRule } from '../domain/statement/resolving-rule.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

interface Row {
  readonly revision: number;
  readonly source: string;
  readonly resolve_alone_max: bigint;
  readonly write_off_max: Readonly<Record<string, string | null>>;
  readonly park_days_max: number;
  readonly match_window_hours: number;
  readonly dated_before_max_hours: number;
  readonly resolve_by_itself: readonly {
    readonly rule: string;
    readonly kind: EndingKind;
    readonly max_minor: string;
    readonly after_business_days: number;
    readonly code: EndingCode;
  }[];
}

/** Those that count: the newest that were imported, else those that the version brings along. */
export async function currentBreakRules(db: Db): Promise<BreakRules> {
  const { rows } = await db.query<Row>(
    `select revision, source, resolve_alone_max, write_off_max, park_days_max, match_window_hours, dated_before_max_hours,
            resolve_by_itself
       from yuanlu.break_rules order by revision desc limit 1`,
  );
  const [row] = rows;
  if (row === undefined) return BREAK_RULES;
  return {
    ...{ revision: row.revision, source: row.source, resolveAloneMaxMinor: row.resolve_alone_max },
    writeOffMaxMinor: writeOffLimits(row.write_off_max),
    ...{ parkDaysMax: row.park_days_max, matchWindowHours: row.match_window_hours },
    datedBeforeMaxHours: row.dated_before_max_hours,
    resolveByItself: row.resolve_by_itself.map(
      (one): ResolvingRule => ({
        ...{ rule: one.rule, kind: one.kind, code: one.code },
        ...{ maxMinor: BigInt(one.max_minor), afterBusinessDays: one.after_business_days },
      }),
    ),
  };
}

/**
 * Keeps rules, as the owner; they count from the next deed and the next match on. False when these very rules count already.
 * @throws AppError `break_rules_revision_low` when this revision or a higher one is there with other rules
 */
export async function keepBreakRules(
  owner: Pool,
  rules: BreakRules,
  act: { readonly person: string; readonly now: Date },
): Promise<boolean> {
  return inTransaction(owner, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('yuanlu/break-rules', 0))`);
    const kept = await currentBreakRules(tx);
    if (textOf(kept) === textOf(rules)) return false;
    if (kept.revision >= rules.revision)
      throw new AppError('break_rules_revision_low', { revision: rules.revision, kept: kept.revision });
    await tx.query(
      `insert into yuanlu.break_rules (revision, source, resolve_alone_max, write_off_max, park_days_max, match_window_hours,
         dated_before_max_hours, imported_at, imported_by, resolve_by_itself)
       values ($1, $2, $3, $4, $5, $6, $7, $8, concat_ws(' for ', session_user::text, $9::text), $10)`,
      [
        ...[rules.revision, rules.source, rules.resolveAloneMaxMinor, limitsText(rules), rules.parkDaysMax],
        ...[rules.matchWindowHours, rules.datedBeforeMaxHours, act.now, act.person, resolvingText(rules)],
      ],
    );
    return true;
  });
}

function limitsText({ writeOffMaxMinor }: BreakRules): string {
  return JSON.stringify(writeOffMaxMinor, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function resolvingText({ resolveByItself }: BreakRules): string {
  return JSON.stringify(
    resolveByItself.map(({ rule, kind, maxMinor, afterBusinessDays, code }) => ({
      ...{ rule, kind, max_minor: maxMinor.toString(), after_business_days: afterBusinessDays, code },
    })),
  );
}

function textOf(rules: BreakRules): string {
  const { revision, source, resolveAloneMaxMinor, parkDaysMax, matchWindowHours, datedBeforeMaxHours } =
    rules;
  const limits = WRITE_OFF_CODES.map((code) => String(rules.writeOffMaxMinor[code]));
  return JSON.stringify([
    ...[revision, source, resolveAloneMaxMinor.toString(), limits],
    ...[parkDaysMax, matchWindowHours, datedBeforeMaxHours, resolvingText(rules)],
  ]);
}
