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
  const missing = await missingSearchAttributes(client, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, INDEXED_TYPES[name]]));
  await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}

type AttributeName = keyof typeof INDEXED_TYPES;

/** Names that the namespace does not know: no refund could be started there. */
export async function missingSearchAttributes(
  client: Client,
  namespace: string,
): Promise<readonly AttributeName[]> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return (Object.keys(INDEXED_TYPES) as AttributeName[]).filter(
    (name) => customAttributes?.[name] === undefined,
  );
}

/** The type of an attribute as `temporal operator search-attribute create` wants it. */
export function attributeType(name: AttributeName): 'Keyword' | 'Bool' {
  return INDEXED_TYPES[name] === 5 ? 'Bool' : 'Keyword';
}
