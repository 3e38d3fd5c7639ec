/** WeChat Pay's sandbox in the words that all channels share. */
import { AppError } from '../../domain/errors.ts';
import type { ChannelSandbox, NewPayment } from '../channel-sandbox.ts';
import type { PaySource } from './model.ts';
import type { Sandbox } from './server.ts';
import type { RefundTrouble } from './troubles.ts';

/** The first merchant of it. */
export function channelSandbox(sandbox: Sandbox): ChannelSandbox<RefundTrouble> {
  const { mchid } = sandbox;
  return {
    url: sandbox.url,
    merchantNo: mchid,
    plan: sandbox.plan,
    pay: ({ paymentNo, amountMinor, source, paidAt }) =>
      sandbox.pay({
        mchid,
        outTradeNo: paymentNo,
        totalMinor: amountMinor,
        source: sourceOf(source),
        paidAt,
      }),
    refundByHand: ({ paymentNo, amountMinor }) => {
      sandbox.refundByHand({ mchid, outTradeNo: paymentNo, amountMinor });
    },
    topUp: (minor) => {
      sandbox.topUp(mchid, minor);
    },
    ledger: () => sandbox.ledger(),
    deliveries: () => sandbox.deliveries(),
    stop: () => sandbox.stop(),
  };
}

function sourceOf(source: NewPayment['source']): PaySource {
  if (source !== 'credit_line') return source;
  throw new AppError('request_invalid', { source: 'WeChat Pay has no credit of its own' });
}
