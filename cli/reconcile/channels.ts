/**
 * The channels whose files `yuanlu reconcile` reads, a row each: how a delivery is opened, which refund numbers can be in
 * it, what its lines prove, and what people call its numbers.
 */
import { openAlipayStatement, ALIPAY_LINE_PROVES } from '../../channels/alipay/bill.ts';
import { ALIPAY_REFUND_NO } from '../../channels/alipay/limits.ts';
import type { Channel, StatementContent } from '../../channels/channel.ts';
import { UNIONPAY_ORDER_ID } from '../../channels/unionpay/limits.ts';
import { openUnionpayStatement, UNIONPAY_LINE_PROVES } from '../../channels/unionpay/statement.ts';
import { openWechatStatement, WECHAT_LINE_PROVES } from '../../channels/wechat/bill-reader.ts';
import { WECHAT_LIMITS } from '../../channels/wechat/limits.ts';
import type { RefundNoRule } from '../../domain/ids.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { RefundState } from '../../domain/refund/state.ts';

/** A number of the channel's own, as payers, banks and the channel's support call it. */
interface ChannelNumber {
  readonly of: 'channelRefundNo' | 'transactionId';
  readonly title: string;
}

export interface ReconcileChannel {
  readonly name: ChannelName;
  /** As people call it. */
  readonly title: string;
  /** What a refund of a list may be called: all that the channel takes, also where our own numbers are narrower. */
  readonly refundNo: RefundNoRule;
  readonly lineProves: Channel['lineProves'];
  readonly numbers: readonly ChannelNumber[];
  /** Which of them the payer can quote, and to whom. */
  readonly quote: { readonly of: ChannelNumber['of']; readonly to: string };
  /** The channel's words for the states of a refund, in lower case. */
  readonly states: Readonly<Record<string, RefundState>>;
  /** Opens a delivery; its kind is what the content shows. */
  openStatement(packed: AsyncIterable<Buffer>): StatementContent;
}

export const RECONCILE_CHANNELS: readonly ReconcileChannel[] = [
  {
    name: 'wechat',
    title: 'WeChat Pay',
    refundNo: WECHAT_LIMITS.refundNo,
    lineProves: WECHAT_LINE_PROVES,
    numbers: [
      { of: 'channelRefundNo', title: '微信退款单号' },
      { of: 'transactionId', title: '微信支付订单号' },
    ],
    quote: { of: 'channelRefundNo', to: 'the bank' },
    states: { closed: 'failed', abnormal: 'needs_action' },
    openStatement: openWechatStatement,
  },
  {
    name: 'alipay',
    title: 'Alipay',
    refundNo: ALIPAY_REFUND_NO,
    lineProves: ALIPAY_LINE_PROVES,
    // Alipay gives a refund no number of its own.
    numbers: [{ of: 'transactionId', title: '支付宝交易号' }],
    quote: { of: 'transactionId', to: 'Alipay' },
    states: { refund_success: 'succeeded' },
    openStatement: (packed) => openAlipayStatement(null, packed),
  },
  {
    name: 'unionpay',
    title: 'UnionPay',
    refundNo: UNIONPAY_ORDER_ID,
    lineProves: UNIONPAY_LINE_PROVES,
    numbers: [
      { of: 'channelRefundNo', title: '查询流水号' },
      { of: 'transactionId', title: '原交易查询流水号' },
    ],
    quote: { of: 'channelRefundNo', to: 'the bank or UnionPay (95516)' },
    // origRespCode of a refund that was asked about.
    states: {
      '00': 'succeeded',
      a6: 'succeeded',
      ...{ '03': 'unknown', '04': 'unknown', '05': 'unknown' },
    },
    openStatement: (packed) => openUnionpayStatement(null, packed),
  },
];
