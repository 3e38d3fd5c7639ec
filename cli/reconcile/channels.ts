/** The channels whose files `yuanlu reconcile` reads: how a delivery is opened, and which refund numbers can be in it. */
import type { StatementContent } from '../../channels/channel.ts';
import { openWechatStatement } from '../../channels/wechat/bill-reader.ts';
import { WECHAT_LIMITS } from '../../channels/wechat/limits.ts';
import type { RefundNoRule } from '../../domain/ids.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';

export interface ReconcileChannel {
  readonly name: ChannelName;
  /** As people call it. */
  readonly title: string;
  /** The channel's own numbers of a refund and of its payment, as payers, banks and the channel's support call them. */
  readonly channelNumberTitle: string;
  readonly transactionTitle: string;
  readonly refundNo: RefundNoRule;
  openStatement(packed: AsyncIterable<Buffer>): StatementContent;
}

export const RECONCILE_CHANNELS: readonly ReconcileChannel[] = [
  {
    name: 'wechat',
    title: 'WeChat Pay',
    channelNumberTitle: '微信退款单号',
    transactionTitle: '微信支付订单号',
    refundNo: WECHAT_LIMITS.refundNo,
    openStatement: openWechatStatement,
  },
];
