/** What refunds can be found by in Temporal. Not encrypted there: no money, no personal data. */
import type { Client } from '@temporalio/client';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';

export const CHANNEL = defineSearchAttributeKey('Channel', SearchAttributeType.KEYWORD);
export const REFUND_STATE = defineSearchAttributeKey('RefundState', SearchAttributeType.KEYWORD);
export const NEEDS_REVIEW = defineSearchAttributeKey('NeedsReview', SearchAttributeType.BOOL);
export const BUSINESS_DATE = defineSearchAttributeKey('BusinessDate', SearchAttributeType.KEYWORD);

/** Value types of the operator API: Keyword and Bool. */
const INDEXED_TYPES = { Channel: 2, RefundState: 2, BusinessDate: 2, NeedsReview: 5 } as const;

/** Registers what is missing in the namespace; being there already is success. */
export async function ensureSearchAttributes(client: Client, namespace: string): Promise<void> {
  const { operatorService } = client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.fromEntries(
    Object.entries(INDEXED_TYPES).filter(([name]) => customAttributes?.[name] === undefined),
  );
  if (Object.keys(missing).length === 0) return;
  await operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}
