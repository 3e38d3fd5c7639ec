/** What is WeChat Pay's own about working its sandbox over /sandbox: fields of an order, and keys. */
import { MINOR, object } from '../control/bodies.ts';
import type { ControlSide } from '../control/routes.ts';
import { PAY_SOURCES, TRADE_STATES } from './model.ts';
import type { Sandbox } from './server.ts';
import { TROUBLES } from './troubles.ts';

const KEYS = object(['sign_callbacks_with'], {
  sign_callbacks_with: { enum: ['public_key', 'certificate'] },
});

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
    },
    routes: [
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
