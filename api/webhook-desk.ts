/** What the api makes and keeps webhook endpoints with. */
import { AppError } from '../domain/errors.ts';
import type { SecretBox } from '../notices/secret-box.ts';
import type { ApiDeps } from './deps.ts';

export interface WebhookDesk {
  readonly box: SecretBox;
  /** What is wrong with an address to send to, in words; null when nothing is. */
  readonly refuses: (url: string) => string | null;
}

/** @throws AppError `webhooks_not_set_up` */
export function webhookDeskOf({ webhooks }: ApiDeps): WebhookDesk {
  if (webhooks === undefined) throw new AppError('webhooks_not_set_up');
  return webhooks;
}
