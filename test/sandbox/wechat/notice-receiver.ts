/** Notices as WeChat Pay's merchants take and open them. */
import type { Fields } from '../exchange.ts';
import type { Notice, Receiver } from '../notice-receiver.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import type { SealedText } from './merchant.ts';
import { signatureFault, unseal } from './merchant.ts';
import type { Shop } from './shop.ts';

/** An opened notice: the envelope, what was inside, and what is wrong with the signature. */
export interface Opened {
  readonly envelope: Fields;
  readonly resource: Fields & SealedText;
  readonly content: Fields;
  readonly fault: string | null;
}

/** Listens until the end of the test; takes everything with 204 at first. */
export function receiveNotices(): Promise<Receiver> {
  return receiveAnswering(204);
}

export function openNotice(shop: Shop, { headers, body }: Notice): Opened {
  const envelope = JSON.parse(body.toString('utf8')) as Fields;
  const resource = envelope['resource'] as Opened['resource'];
  return {
    envelope,
    resource,
    content: JSON.parse(unseal(shop.merchant.apiV3Key, resource)) as Fields,
    fault: signatureFault(headers, body, shop.knownKeys()),
  };
}
