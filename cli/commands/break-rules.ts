/** `yuanlu breaks rules …`: up to what sums people end breaks, how far apart line and refund may be, and what ends by itself. */
import { userInfo } from 'node:os';
import { z } from 'zod';
import { formatYuan } from '../../domain/money.ts';
import type { BreakRules, WriteOffCode } from '../../domain/statement/break-work.ts';
import { WRITE_OFF_CODES, writeOffLimits } from '../../domain/statement/break-work.ts';
import {
  ENDING_CODES,
  ENDING_KINDS,
  RESOLVING_RULES_MAX,
  faultsOfResolving,
} from '../../domain/statement/resolving-rule.ts';
import { AppError } from '../../domain/errors.ts';
import { currentBreakRules, keepBreakRules } from '../../store/break-rules.ts';
import { systemClock } from '../../workers/clock.ts';
import { readJsonFile } from '../json-file.ts';
import { createOutput, table } from '../output.ts';
import { withOwner, withReader } from '../owner-database.ts';

const minor = z.string().regex(/^(0|[1-9][0-9]{0,11})$/, 'must be a whole number of fen, as text');

const schema = z.strictObject({
  revision: z.int().min(1).max(999_999),
  source: z.string().min(1).max(200),
  resolve_alone_max_minor: minor,
  write_off_max_minor: z.strictObject({
    rounding: minor,
    fee: minor,
    not_worth_pursuing: minor,
    channel_error: minor,
    // The reason explains the money, whatever the sum.
    made_in_console: minor.nullable(),
  } satisfies Record<WriteOffCode, z.ZodType>),
  park_days_max: z.int().min(1).max(365),
  match_window_hours: z.int().min(1).max(240),
  dated_before_max_hours: z.int().min(0).max(240),
  // Files of before there were such rules have none.
  resolve_by_itself: z
    .array(
      z.strictObject({
        rule: z
          .string()
          .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be a name of small letters, digits, - and _'),
        kind: z.enum(ENDING_KINDS),
        max_minor: minor,
        after_business_days: z.int().min(0).max(60),
        code: z.enum(ENDING_CODES),
      }),
    )
    .max(RESOLVING_RULES_MAX)
    .default([]),
});

type RulesDocument = z.infer<typeof schema>;

/** The rules that count, in the form in which they are imported. */
export async function showBreakRulesCommand(options: { readonly json: boolean }): Promise<void> {
  const rules = await withReader(currentBreakRules);
  createOutput(options.json).result(documentOf(rules), () => rulesText(rules));
}

/** @throws AppError `break_rules_invalid`, `break_rules_revision_low` */
export async function importBreakRulesCommand(
  file: string,
  options: { readonly json: boolean },
): Promise<void> {
  const rules = rulesOf(await readJsonFile(file, schema, 'break_rules_invalid'));
  const act = { person: userInfo().username, now: systemClock().wallNow() };
  const imported = await withOwner((owner) => keepBreakRules(owner, rules, act));
  const output = createOutput(options.json);
  output.result({ ...documentOf(rules), imported }, () =>
    imported ? rulesText(rules) : `revision ${String(rules.revision)} counts already`,
  );
  if (imported)
    output.say('They count from the next deed and the next match on; nothing has to be restarted.');
}

function rulesOf(data: RulesDocument): BreakRules {
  const rules: BreakRules = {
    ...{ revision: data.revision, source: data.source },
    resolveAloneMaxMinor: BigInt(data.resolve_alone_max_minor),
    writeOffMaxMinor: writeOffLimits(data.write_off_max_minor),
    ...{ parkDaysMax: data.park_days_max, matchWindowHours: data.match_window_hours },
    datedBeforeMaxHours: data.dated_before_max_hours,
    resolveByItself: data.resolve_by_itself.map((one) => ({
      ...{ rule: one.rule, kind: one.kind, code: one.code },
      ...{ maxMinor: BigInt(one.max_minor), afterBusinessDays: one.after_business_days },
    })),
  };
  const errors = faultsOfResolving(rules);
  if (errors.length > 0) throw new AppError('break_rules_invalid', { errors });
  return rules;
}

function documentOf(rules: BreakRules): Omit<RulesDocument, 'write_off_max_minor'> & {
  readonly write_off_max_minor: Readonly<Record<string, string | null>>;
} {
  return {
    ...{ revision: rules.revision, source: rules.source },
    resolve_alone_max_minor: rules.resolveAloneMaxMinor.toString(),
    write_off_max_minor: Object.fromEntries(
      WRITE_OFF_CODES.map((code) => [code, rules.writeOffMaxMinor[code]?.toString() ?? null]),
    ),
    ...{ park_days_max: rules.parkDaysMax, match_window_hours: rules.matchWindowHours },
    dated_before_max_hours: rules.datedBeforeMaxHours,
    resolve_by_itself: rules.resolveByItself.map((one) => ({
      ...{ rule: one.rule, kind: one.kind, max_minor: one.maxMinor.toString() },
      ...{ after_business_days: one.afterBusinessDays, code: one.code },
    })),
  };
}

function rulesText(rules: BreakRules): string {
  const yuan = (max: bigint | null): string => (max === null ? 'any amount' : `${formatYuan(max)} CNY`);
  const rows = [
    ['one person ends alone, up to', yuan(rules.resolveAloneMaxMinor)],
    ...WRITE_OFF_CODES.map((code) => [`two write off as ${code}, up to`, yuan(rules.writeOffMaxMinor[code])]),
    ['put off at most, days', String(rules.parkDaysMax)],
    ['transaction and amount name a refund within, hours', String(rules.matchWindowHours)],
    ['a line may be dated before its refund, hours', String(rules.datedBeforeMaxHours)],
    ...rules.resolveByItself.map(({ rule, kind, maxMinor, afterBusinessDays, code }) => [
      `${rule}: ${kind} ends by itself as ${code} after ${String(afterBusinessDays)} business days, up to`,
      yuan(maxMinor),
    ]),
  ] as const;
  const origin = rules.revision === 0 ? rules.source : `revision ${String(rules.revision)}, ${rules.source}`;
  return [
    `rules of breaks: ${origin}`,
    table(rows, [
      { head: 'rule', cell: ([name]) => name ?? '' },
      { head: 'value', align: 'right', cell: ([, value]) => value ?? '' },
    ]),
  ].join('\n');
}
