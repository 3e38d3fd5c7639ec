/** Rules of breaks in the database: what was imported counts for deeds and matches from then on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { workOnBreak } from '../../store/break-work.ts';
import { explainBreak } from '../../store/break-facts.ts';
import { listBreaks } from '../../store/breaks.ts';
import { bring, lineOf, shortFates, taken } from '../statements/bills.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { MERCHANT, minute, openAccounts } from './books.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-rules-'));
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await db.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function yuanlu(...args: readonly string[]): Promise<unknown> {
  vi.stubEnv('YUANLU_DATABASE_URL', db.url);
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await buildProgram().parseAsync(['node', 'yuanlu', 'breaks', 'rules', ...args, '--json']);
  return JSON.parse(text);
}

function importRules(rules: object): Promise<unknown> {
  const file = join(folder, 'rules.json');
  writeFileSync(file, JSON.stringify(rules));
  return yuanlu('import', file);
}

const RULES = {
  ...{ revision: 1, source: 'made up for this test', resolve_alone_max_minor: '100' },
  write_off_max_minor: {
    ...{ rounding: '1', fee: '100000', not_worth_pursuing: '50000', channel_error: '500000' },
    made_in_console: null,
  },
  ...{ park_days_max: 10, match_window_hours: 1, dated_before_max_hours: 24, resolve_by_itself: [] },
};

const FEN = {
  ...{ rule: 'a-fen', kind: 'amount_differs', max_minor: '1', after_business_days: 1, code: 'rounding' },
};

describe('rules of breaks', () => {
  test('are those of the version while none were imported, in the form in which they are imported', async () => {
    const shown = (await yuanlu('show')) as typeof RULES;
    expect(shown).toMatchObject({ revision: 0, park_days_max: 60, match_window_hours: 72 });
    expect(Object.keys(shown).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  test('with anything wrong in them are refused, every fault at once', async () => {
    const wrong = { ...RULES, revision: 0, park_days_max: 400, fee: '1', resolve_alone_max_minor: '1.5' };
    const error: unknown = await importRules(wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'break_rules_invalid' });
    const { errors } = (error as { details: { errors: string[] } }).details;
    expect(errors.join(' ')).toMatch(/revision.*resolve_alone_max_minor.*park_days_max.*fee/s);
    await expect(importRules([])).rejects.toMatchObject({ code: 'break_rules_invalid' });
  });

  test.each([
    ['more than one person may alone', { max_minor: '101' }, /resolve_alone_max_minor 100/],
    ['more than the reason allows', { max_minor: '2' }, /write_off_max_minor.rounding 1/],
    ['for a reason of another kind', { code: 'printed_twice' }, /amount_differs ends by itself as rounding/],
    ['of a kind that only people answer', { kind: 'state_conflict' }, /resolve_by_itself.0.kind/],
    ['without an age', { after_business_days: undefined }, /resolve_by_itself.0.after_business_days/],
  ])('that end breaks by themselves are refused where they do so %s', async (_, change, says) => {
    const error: unknown = await importRules({ ...RULES, resolve_by_itself: [{ ...FEN, ...change }] }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'break_rules_invalid' });
    expect((error as { details: { errors: string[] } }).details.errors.join(' ')).toMatch(says);
  });

  test('are refused where two that end breaks have one name', async () => {
    await expect(importRules({ ...RULES, resolve_by_itself: [FEN, FEN] })).rejects.toMatchObject({
      ...{ code: 'break_rules_invalid', details: { errors: ['resolve_by_itself a-fen: is named twice'] } },
    });
  });

  test('of before there were such that end breaks are taken as they are', async () => {
    const before: Partial<typeof RULES> = { ...RULES, revision: 0 };
    delete before.resolve_by_itself;
    await expect(importRules(before)).rejects.toMatchObject({
      details: { errors: [expect.stringMatching(/^revision: /) as string] },
    });
  });

  test('once imported count for matching, for suggestions and for what one person may do', async () => {
    const payment = { refundNo: '', channelRefundNo: '' };
    const [before, after] = [await taken(db, 500n), await taken(db, 500n)];
    const late = '2026-11-24 14:00:00'; // some hours after their acceptance
    const { fileId: first } = await bring(db, { lines: [lineOf(before, { ...payment, at: late })] });
    expect(await shortFates(db, first)).toEqual([`${before.refundNo}@3`]);

    expect(await importRules(RULES)).toMatchObject({ revision: 1, imported: true });
    expect(await importRules(RULES)).toMatchObject({ imported: false });
    expect(await yuanlu('show')).toEqual(RULES);

    const billDate = '2026-11-25';
    const { fileId } = await bring(db, {
      billDate,
      lines: [
        lineOf(after, { ...payment, at: late }),
        lineOf(await taken(db, 900n), { at: `${billDate} 10:00:00`, amount: 898 }),
      ],
    });
    expect((await shortFates(db, fileId))[0]).toBe('missing_in_books');

    const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 10 });
    const [loose, differing] = [
      breaks.find(({ kind }) => kind === 'missing_in_books'),
      breaks.find(({ kind }) => kind === 'amount_differs'),
    ];
    if (loose === undefined || differing === undefined) throw new Error('no breaks');
    const { suggestion } = await explainBreak(db.pool, differing, minute(90));
    expect(suggestion.act).toBe('ask_channel'); // two fen are more than these rules let go as rounding
    const deed = { merchantId: MERCHANT, by: 'lin.mei', now: minute(90), breakId: loose.id };
    await expect(
      workOnBreak(db.pool, { ...deed, deed: { kind: 'resolved', code: 'reviewed' } }),
    ).rejects.toMatchObject({ code: 'break_needs_two_people', details: { alone_max_minor: '100' } });
    await expect(
      workOnBreak(db.pool, {
        ...deed,
        deed: { kind: 'parked', until: '2026-12-20', code: 'asked_the_channel' },
      }),
    ).rejects.toMatchObject({ code: 'request_invalid', details: { days_ahead_max: 10 } });
  });

  test('keep their history: a revision is never given twice, nor changed', async () => {
    await expect(importRules({ ...RULES, park_days_max: 11 })).rejects.toMatchObject({
      code: 'break_rules_revision_low',
    });
    expect(await importRules({ ...RULES, revision: 2, park_days_max: 11 })).toMatchObject({ imported: true });
    expect(await yuanlu('show')).toMatchObject({ revision: 2, park_days_max: 11 });
    await expect(db.owner.query('delete from break_rules')).rejects.toThrow();
    await expect(db.pool.query('insert into break_rules select * from break_rules')).rejects.toMatchObject({
      code: '42501',
    });
  });
});
