/** What is UnionPay's own about working its sandbox over /sandbox: fields of an order, and certificates. */
import type { ControlSide } from '../control/routes.ts';
import { FAILURE_CODES } from './codes.ts';
import { PAY_SOURCES } from './model.ts';
import type { Sandbox } from './server.ts';
import { TROUBLES } from './troubles.ts';

export function unionpayControl(sandbox: Sandbox): ControlSide {
  return {
    channel: 'unionpay',
    sandbox,
    troubles: TROUBLES,
    sources: PAY_SOURCES,
    paymentFields: {
      biz_type: { type: 'string', pattern: '^[0-9]{6}$' },
      resp_code: { enum: ['00', ...FAILURE_CODES] },
    },
    routes: [
      {
        method: 'GET',
        url: '/sandbox/certificates',
        does: 'the certificates with which answers and notices are verified',
        act: () => sandbox.keys,
      },
    ],
  };
}
