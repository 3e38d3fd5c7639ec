import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelReport, Observation } from '../../../domain/refund/observation.ts';
import type { FundingSource, Refund } from '../../../domain/refund/refund.ts';
import { CHANNEL_NAMES } from '../../../domain/refund/refund.ts';
import type { StateReason } from '../../../domain/refund/state.ts';
import { REFUND_STATES } from '../../../domain/refund/state.ts';
import { canonicalJson } from '../../../domain/receipt/canonical-json.ts';
import { receiptOf } from '../../../domain/receipt/receipt.ts';
import { NOW, factsOf } from './receipt-facts.ts';

const PAID: Partial<Refund> = { state: 'succeeded', succeededAt: new Date('2026-11-25T10:32:00+08:00') };
const LATER = new Date('2026-11-30T09:00:00+08:00');

function report(change: Partial<ChannelReport>): ChannelReport {
  return {
    kind: 'channel_report',
    source: 'query',
    ref: 'q1',
    at: '2026-11-26T01:00:00.000Z',
    status: 'success',
    ...change,
  };
}

describe('a receipt', () => {
  test('says amount, day with weekday, place and numbers in both languages', () => {
    const receipt = receiptOf(factsOf());

    expect(receipt).toMatchObject({
      version: 'yuanlu-receipt/1',
      refund: { amount: '128.00', amount_minor: '12800', amount_in_words: '壹佰贰拾捌元整' },
      lands_in: '招商银行信用卡0403',
      state: {
        phase: 'accepted',
        family: 'under_way',
        late: false,
        headline: { zh: '微信支付已受理，退款处理中', en: 'WeChat Pay has accepted your refund' },
      },
      promise: { words: { zh: '2026年11月27日（周五）', en: 'Fri 27 Nov 2026' } },
    });
    expect(receipt.numbers.map(({ value, for: whom }) => [value, whom.zh])).toEqual([
      ['50303002026112400000000001', '给微信支付客服看、给银行看、给商家看'],
      ['4200002026112400000000001', '给微信支付客服看、给商家看'],
      ['R20261124000000000001', '给商家看'],
    ]);
    expect(receipt.steps.map(({ title, status, time }) => [title.zh, status, time?.at])).toEqual([
      ['商户受理退款', 'done', '2026-11-24T10:00:00+08:00'],
      ['微信支付受理', 'done', '2026-11-24T10:00:02+08:00'],
      ['微信支付退款', 'current', undefined],
      ['到账', 'to_come', undefined],
    ]);
  });

  test('is the same document for the same evidence, at whatever moment it is made', () => {
    const one = receiptOf(factsOf());
    const other = receiptOf(factsOf({}, { now: new Date('2026-11-27T23:59:59+08:00') }));

    expect(canonicalJson(other)).toBe(canonicalJson(one));
  });

  test('of a refund that is late says what was done, whom to ask and which number to quote', () => {
    const { state, advice } = receiptOf(
      factsOf({ lastAskedAt: new Date('2026-11-29T08:00:00+08:00') }, { now: LATER }),
    );

    expect(state).toMatchObject({ late: true, family: 'overdue', title: { zh: '已逾期' } });
    expect(advice.map(({ zh }) => zh)).toEqual([
      '退款晚于预计时间。我们最近一次向微信支付查询是2026年11月29日（周日）08:00。',
      '您可以联系微信支付客服，提供微信退款单号 50303002026112400000000001 查询。',
      '您可以联系发卡银行，提供微信退款单号 50303002026112400000000001、退款日期和金额查询。',
      '也可以联系商家，提供退款单号 R20261124000000000001。',
      expect.stringContaining('12315'),
    ]);
  });

  test('never tells a payer to quote a number that the channel has not given', () => {
    const { advice, numbers } = receiptOf(factsOf({ channelRefundNo: null }, { now: LATER }));

    expect(numbers[0]?.value).toBeNull();
    expect(JSON.stringify(advice)).not.toContain('null');
    expect(JSON.stringify(advice)).toContain('4200002026112400000000001');
  });

  test('of a card names no arrival while only the channel has said that it paid', () => {
    const receipt = receiptOf(factsOf(PAID));

    expect(receipt.state).toMatchObject({ phase: 'paid_out', family: 'under_way' });
    expect(receipt.steps.at(-1)).toMatchObject({ name: 'arrived', status: 'current', time: null });
    expect(JSON.stringify(receipt)).not.toContain('已到账');
    expect(receipt.promise?.words.zh).toBe('2026年11月27日（周五）');
  });

  test('of a card whose day has passed says so and whom to ask, and claims neither arrival nor that nothing came', () => {
    const receipt = receiptOf(factsOf(PAID, { now: LATER }));

    expect(receipt.state).toMatchObject({ phase: 'paid_out', family: 'under_way', late: true });
    expect(receipt.promise?.words.zh).toBe('2026年11月27日（周五）');
    const advice = receipt.advice.map(({ en }) => en).join(' ');
    expect(advice).toContain('The expected day has passed. If you do not see the money, ask');
    expect(advice).toContain('You can ask the bank of your card');
    expect(advice).toContain('12315');
  });

  test.each(['needs_action', 'returned'] as const)(
    'of a refund that stopped (%s) still says which day it missed, and no day before it was missed',
    (state) => {
      const before = receiptOf(factsOf({ state }));
      const after = receiptOf(factsOf({ state }, { now: LATER }));

      expect([before.promise, before.state.late]).toEqual([null, false]);
      expect(after.promise?.words.en).toBe('Fri 27 Nov 2026');
      expect(after.state).toMatchObject({ late: true, family: 'needs_action' });
    },
  );

  test('is as of the latest thing that it says', () => {
    const { as_of: asOf } = receiptOf(factsOf(PAID, { now: LATER, payment: { fundingSource: 'wallet' } }));

    expect(asOf.at).toBe('2026-11-25T10:32:00+08:00');
  });

  test("of a wallet says arrived with the channel's success: the channel keeps that account", () => {
    const receipt = receiptOf(factsOf(PAID, { payment: { fundingSource: 'wallet' } }));

    expect(receipt.state).toMatchObject({ phase: 'arrived', title: { zh: '已到账' } });
    expect(receipt.steps.at(-1)?.time?.words.en).toBe('Wed 25 Nov 2026, 10:32');
    expect(receipt.promise).toBeNull();
  });

  test('of a card at Alipay says arrived when the bank has posted it, with the time at which that was heard', () => {
    const pending = receiptOf(factsOf({ ...PAID, channel: 'alipay', bankLeg: 'pending' }));
    const posted = receiptOf(
      factsOf(
        { ...PAID, channel: 'alipay', bankLeg: 'arrived' },
        { observations: [report({ bankLeg: 'arrived' })] },
      ),
    );

    expect(pending.state.phase).toBe('at_bank');
    expect(posted.state.phase).toBe('arrived');
    expect(posted.steps.at(-1)?.time?.at).toBe('2026-11-26T09:00:00+08:00');
  });

  test('says where the money is when the bank did not take it and the channel put it into the wallet', () => {
    const { state, advice } = receiptOf(
      factsOf({ ...PAID, channel: 'alipay', bankLeg: 'returned_to_wallet', landsIn: '支付宝余额' }),
    );

    expect(state.phase).toBe('arrived');
    expect(advice[0]?.zh).toContain('已改退到您的支付宝余额');
    expect(JSON.stringify(advice)).not.toContain('发卡银行，提供');
  });

  test('of a refund with a flaw does not say that it arrived', () => {
    const { state, advice } = receiptOf(
      factsOf({ ...PAID, channel: 'unionpay', flaw: 'A6' }, { payment: { fundingSource: 'wallet' } }),
    );

    expect(state.phase).toBe('paid_out');
    expect(advice[0]?.zh).toContain('异常');
  });

  test('of a dead card says why, and that nobody asks for codes', () => {
    const { state, advice, steps } = receiptOf(
      factsOf(
        { state: 'needs_action', stateReason: 'abnormal' },
        { observations: [report({ status: 'abnormal', at: '2026-11-25T02:00:00.000Z' })], now: LATER },
      ),
    );

    expect(state.family).toBe('needs_action');
    expect(advice.map(({ zh }) => zh).join()).toMatch(/注销或冻结.*请勿向任何人提供验证码.*12315/);
    expect(steps.at(-1)).toMatchObject({ status: 'stopped', time: { at: '2026-11-25T10:00:00+08:00' } });
  });

  test('F66 of money that came back opens a new branch: to be paid another way, then paid, with the number of it', () => {
    const bounced: Observation = {
      kind: 'bounced',
      source: 'statement',
      ref: 'b',
      at: '2026-11-27T01:00:00.000Z',
    };
    const approved: Observation = {
      ...{ kind: 'fallback_approved', source: 'operator', ref: 'approval/1', at: '2026-11-27T03:00:00.000Z' },
      ...{ method: 'bank_transfer', payee: '李*', bank: '工商银行', accountEnding: '0403', knew: [] },
    };
    const transfer: Observation = {
      ...{ kind: 'fallback_paid', source: 'operator', ref: 'T88', at: '2026-11-27T06:00:00.000Z' },
      ...{ reference: 'T88', paidAt: '2026-11-27T05:00:00.000Z', by: 'alice' },
    };
    const came = (stateReason: StateReason, ...observations: readonly Observation[]) =>
      receiptOf(factsOf({ ...PAID, state: 'returned', stateReason }, { observations, now: LATER }));

    const back = came(null, bounced);
    expect(back.steps.at(-1)).toMatchObject({ name: 'returned', status: 'stopped' });
    const owed = came('fallback_approved', bounced, approved);
    expect(owed.state.phase).toBe('to_be_paid_otherwise');
    expect(owed.steps.slice(-3)).toMatchObject([
      { name: 'returned', status: 'stopped', time: { at: '2026-11-27T09:00:00+08:00' } },
      { name: 'to_be_paid_otherwise', status: 'current', branch: true },
      { name: 'paid_otherwise', status: 'to_come' },
    ]);
    const paid = came('paid_otherwise', bounced, approved, transfer);
    expect(paid.steps.at(-1)).toMatchObject({ status: 'done', time: { at: '2026-11-27T13:00:00+08:00' } });
    expect(paid.advice[0]).toMatchObject({
      zh: expect.stringMatching(/银行转账付给李\* \(工商银行 0403\)，流水号 T88/) as string,
    });
    expect(paid.state.family).not.toBe('arrived');
  });

  test('of a refund that goes on to another card shows where its way parted', () => {
    const redirect: Observation = {
      ...{ kind: 'redirect_started', source: 'operator', ref: 'approval/2', at: '2026-11-27T03:00:00.000Z' },
      ...{ to: 'payer_card', knew: [] },
    };
    const { steps } = receiptOf(factsOf({}, { observations: [redirect], now: LATER }));

    expect(steps.map(({ name }) => name)).toEqual(['requested', 'accepted', 'redirected', 'paid', 'arrived']);
    expect(steps.find(({ branch }) => branch)).toMatchObject({ name: 'redirected', status: 'done' });
  });

  test.each(['short_balance', 'over_limit', 'account_config', 'payment_mismatch'] as const)(
    "tells the payer nothing of the merchant's own troubles (%s): it is being submitted, and there is nothing to do or to complain of",
    (stateReason) => {
      const receipt = receiptOf(factsOf({ state: 'needs_action', stateReason, acceptedAt: null }));

      expect(receipt.state).toMatchObject({ phase: 'submitting', family: 'under_way' });
      const said = JSON.stringify([receipt.state, receipt.advice]);
      expect(said).not.toMatch(/余额|balance|limit|12315|联系您/);
      expect(said).toContain('您无需操作');
    },
  );

  test('of a refund that the channel called done, and that something contradicts, does not say that it was not done', () => {
    const { state, advice } = receiptOf(
      factsOf({ ...PAID, state: 'needs_action', stateReason: 'amount_mismatch' }),
    );

    expect(state.headline.zh).toBe('微信支付称已退款，商户正在核实');
    expect(JSON.stringify(advice)).not.toMatch(/12315|联系您/);
  });

  test('masks what the channel and the merchant wrote', () => {
    const receipt = receiptOf(factsOf({ landsIn: '6226095711989751', reason: '退给 13812345678\u202e' }));

    expect(receipt.lands_in).toBe('****9751');
    expect(receipt.refund.reason).toBe('退给 ****5678');
  });

  test('names the lines of statements that prove it', () => {
    const receipt = receiptOf(
      factsOf(
        { ...PAID, state: 'settled' },
        {
          observations: [
            {
              ...{ kind: 'statement_line', source: 'statement', ref: 'ab:3', at: '2026-11-25T02:00:00.000Z' },
              ...{
                proves: 'acceptance',
                amountMinor: '12800',
                fileSha256: 'ab',
                lineNo: 3,
                billDate: '2026-11-24',
              },
            },
          ],
          now: new Date('2026-11-26T09:00:00+08:00'),
        },
      ),
    );

    expect(receipt.statement_lines).toEqual([
      { file_sha256: 'ab', line_no: 3, bill_date: '2026-11-24', proves: 'acceptance' },
    ]);
    expect(receipt.as_of.at).toBe('2026-11-25T10:32:00+08:00');
  });

  test('is a whole document in every state, at every channel, from every source: nothing left to fill in', () => {
    const sources: readonly FundingSource[] = [
      'wallet',
      'credit_line',
      'debit_card',
      'credit_card',
      'unknown',
    ];
    const anything = fc.record({
      state: fc.constantFrom(...REFUND_STATES),
      channel: fc.constantFrom(...CHANNEL_NAMES),
      bankLeg: fc.constantFrom(null, 'pending' as const, 'arrived' as const, 'returned_to_wallet' as const),
      acceptedAt: fc.constantFrom(null, NOW),
      succeededAt: fc.constantFrom(null, NOW),
      channelRefundNo: fc.constantFrom(null, '50300000000000000000000001'),
      promiseAt: fc.constantFrom(null, NOW, LATER),
      overdueLevel: fc.integer({ min: 0, max: 2 }),
      windowProvisional: fc.boolean(),
    });
    fc.assert(
      fc.property(anything, fc.constantFrom(...sources), (change, fundingSource) => {
        const receipt = receiptOf(factsOf(change, { payment: { fundingSource } }));
        const text = canonicalJson(receipt);

        expect(text).not.toMatch(/[{][a-z]+[}]|undefined|NaN/);
        expect(receipt.advice.length).toBeGreaterThan(0);
        expect(receipt.steps.length).toBeGreaterThan(1);
        if (receipt.state.phase !== 'arrived') expect(text).not.toContain('已到账');
      }),
    );
  });
});
