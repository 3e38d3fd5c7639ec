/** The numbers by which a refund is found outside: what a payer is told to quote, and to whom (channels' own documents). */
import { describe, expect, test } from 'vitest';
import { alipayProofNumbers } from '../../../channels/alipay/proof-numbers.ts';
import { unionpayProofNumbers } from '../../../channels/unionpay/proof-numbers.ts';
import { wechatProofNumbers } from '../../../channels/wechat/proof-numbers.ts';
import type { ProofReader, RefundSerials } from '../../../domain/refund/proof.ts';
import { atEveryChannel } from './stands.ts';

const GIVEN: RefundSerials = {
  refundNo: 'RF20260901000000000012',
  paymentNo: 'ORD20260901000000000034',
  channelRefundNo: '052606301658427863998',
  transactionId: '442606301051457846498',
  clearingDate: '0630',
};

describe('proof numbers', () => {
  atEveryChannel((stand) => {
    const channel = stand.channel();

    test('give the payer something to quote to the channel, and the merchant too', () => {
      for (const reader of ['payer_channel', 'merchant_channel'] satisfies ProofReader[]) {
        const found = channel.proofNumbers(GIVEN).filter(({ readers }) => readers.includes(reader));

        expect(found[0]?.value, reader).toMatch(/^[0-9A-Z ]{12,}$/);
      }
    });

    test('are told apart by their names, in both languages', () => {
      const all = channel.proofNumbers(GIVEN);

      expect(new Set(all.map(({ name }) => name.zh)).size).toBe(all.length);
      expect(new Set(all.map(({ name }) => name.en)).size).toBe(all.length);
      for (const { name } of all) expect(name.zh).toMatch(/\p{Script=Han}/u);
    });

    test('never stand for a number that the channel has not given', () => {
      const bare = channel.proofNumbers({
        ...{ ...GIVEN, channelRefundNo: null, transactionId: null, clearingDate: null },
      });
      const ours = new Set([GIVEN.refundNo, GIVEN.paymentNo, GIVEN.paymentNo.slice(-12), null]);

      // One that is worth nothing before it is given may be left out until then; none appears that is not known later.
      const names = new Set(channel.proofNumbers(GIVEN).map(({ name }) => name.en));
      expect(bare.filter(({ name }) => !names.has(name.en))).toEqual([]);
      for (const { value, name } of bare) expect(ours.has(value), name.en).toBe(true);
    });
  });

  const OF_CHANNEL = {
    wechat: wechatProofNumbers,
    alipay: alipayProofNumbers,
    unionpay: unionpayProofNumbers,
  };
  const quoted = (
    channel: keyof typeof OF_CHANNEL,
    reader: ProofReader,
    serials: Partial<RefundSerials> = {},
  ): readonly (readonly [string, string | null])[] =>
    OF_CHANNEL[channel]({ ...GIVEN, ...serials })
      .filter(({ readers }) => readers.includes(reader))
      .map(({ name, value }) => [name.zh, value] as const);

  test('of WeChat Pay are those of the payer’s bill; a bank hears the refund’s', () => {
    expect(quoted('wechat', 'payer_channel')).toEqual([
      ['微信退款单号', GIVEN.channelRefundNo],
      ['微信支付订单号', GIVEN.transactionId],
    ]);
    expect(quoted('wechat', 'payer_bank')).toEqual([['微信退款单号', GIVEN.channelRefundNo]]);
  });

  test('of Alipay begin with the trade, since a refund has no number of its own there', () => {
    expect(quoted('alipay', 'payer_channel', { channelRefundNo: null })).toEqual([
      ['支付宝交易号', GIVEN.transactionId],
      ['退款请求号', GIVEN.refundNo],
      ['商户订单号', GIVEN.paymentNo],
    ]);
    // Alipay gives no reference of the bank's: a number that a bank cannot look up is no proof.
    expect(quoted('alipay', 'payer_bank')).toEqual([]);
  });

  test('of UnionPay give a bank the trace inside the query number, and the end of the payment’s order number', () => {
    expect(quoted('unionpay', 'payer_channel')).toEqual([['查询流水号', '052606301658427863998']]);
    expect(quoted('unionpay', 'payer_bank')).toEqual([
      ['系统跟踪号和时间', '786399 0630165842'],
      ['清算日期', '0630'],
      ['检索参考号', '000000000034'],
    ]);
    // The longer form of earlier years.
    expect(quoted('unionpay', 'payer_bank', { channelRefundNo: '201506301658427863998' })[0]).toEqual([
      '系统跟踪号和时间',
      '786399 0630165842',
    ]);
    expect(quoted('unionpay', 'payer_bank', { channelRefundNo: '5030', paymentNo: 'ORDER-1' })).toEqual([
      ['系统跟踪号和时间', null],
      ['清算日期', '0630'],
      ['检索参考号', null],
    ]);
  });
});
