/** What is WeChat Pay's own about working its sandbox over /sandbox: fields of an order, and keys. */
import { MERCHANT_NO, MINOR, object } from '../control/bodies.ts';
import type { ControlSide } from '../control/routes.ts';
import { parseMinor } from '../../domain/money.ts';
import type { AccountType } from './model.ts';
import { ACCOUNT_TYPES, FEE_ACCOUNTS, PAY_SOURCES, TRADE_STATES } from './model.ts';
import type { Sandbox } from './server.ts';
import { TROUBLES } from './troubles.ts';

const KEYS = object(['sign_callbacks_with'], {
  sign_callbacks_with: { enum: ['public_key', 'certificate'] },
});

const TRANSFER = object(['from', 'to', 'amount_minor'], {
  merchant_no: MERCHANT_NO,
  from: { enum: ACCOUNT_TYPES },
  to: { enum: ACCOUNT_TYPES },
  amount_minor: MINOR,
});

interface TransferBody {
  readonly merchant_no?: string;
  readonly from: AccountType;
  readonly to: AccountType;
  readonly amount_minor: string;
}

export function wechatControl(sandbox: Sandbox): ControlSide {
  return {
    channel: 'wechat',
    sandbox,
    troubles: TROUBLES,
    sources: PAY_SOURCES,
    paymentFields: {
      coupon_minor: MINOR,
      attach: { type: 'string', maxLength: 128 },
      trade_state: { enum: TRADE_STATES },
      fee_account: { enum: FEE_ACCOUNTS },
    },
    routes: [
      {
        method: 'POST',
        url: '/sandbox/transfer',
        does: "moves money between two of the merchant's fund accounts",
        body: TRANSFER,
        act: ({ body }) => {
          const { merchant_no: merchantNo, from, to, amount_minor: minor } = body as TransferBody;
          return { balances: sandbox.transfer({ from, to, minor: parseMinor(minor) }, merchantNo) };
        },
      },
      {
        method: 'GET',
        url: '/sandbox/keys',
        does: 'the public keys with which the sandbox signs',
        act: () => sandbox.keys,
      },
      {
        method: 'POST',
        url: '/sandbox/keys',
        does: 'chooses the kind of key that signs notices',
        body: KEYS,
        act: ({ body }) => {
          const { sign_callbacks_with: kind } = body as { sign_callbacks_with: 'public_key' | 'certificate' };
          sandbox.signCallbacksWith(kind);
          return body;
        },
      },
      {
        method: 'POST',
        url: '/sandbox/rotate-certificate',
        does: 'makes a new platform certificate that signs from now on',
        act: () => sandbox.rotatePlatformCertificate(),
      },
    ],
  };
}
