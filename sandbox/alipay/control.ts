/** What is Alipay's own about working its sandbox over /sandbox: fields of a trade, and keys. */
import { MINOR, object } from '../control/bodies.ts';
import type { ControlSide } from '../control/routes.ts';
import type { CertificateFlaw } from './keys.ts';
import { CERTIFICATE_FLAWS } from './keys.ts';
import { PAY_SOURCES, TRADE_STATES } from './model.ts';
import type { Sandbox } from './server.ts';
import { TROUBLES } from './troubles.ts';

const RENEWAL = object([], { flaw: { enum: CERTIFICATE_FLAWS } });

export function alipayControl(sandbox: Sandbox): ControlSide {
  return {
    channel: 'alipay',
    sandbox,
    troubles: TROUBLES,
    sources: PAY_SOURCES,
    paymentFields: {
      discount_minor: MINOR,
      trade_status: { enum: TRADE_STATES },
      notify_url: { type: 'string', format: 'uri', maxLength: 256 },
      refundable_in_parts: { type: 'boolean' },
    },
    routes: [
      {
        method: 'GET',
        url: '/sandbox/keys',
        does: 'the public key and the certificates with which the sandbox signs',
        act: () => sandbox.keys,
      },
      {
        method: 'POST',
        url: '/sandbox/renew-certificate',
        does: 'makes another certificate of Alipay’s that signs from now on in certificate mode',
        body: RENEWAL,
        act: ({ body }) => ({
          certificate_sn: sandbox.renewCertificate((body as { flaw?: CertificateFlaw } | undefined)?.flaw),
        }),
      },
    ],
  };
}
