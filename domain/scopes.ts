/** What an API key may do. Reading refunds includes their timelines and the overdue list. */
export const SCOPES = [
  'refunds:read',
  'refunds:write',
  'payments:read',
  'payments:write',
  'quotes:read',
  'quotes:write',
  'statements:read',
  'breaks:write',
  'approvals:read',
  'approvals:write',
  'webhooks:read',
  'webhooks:write',
  'metrics:read',
] as const;

export type Scope = (typeof SCOPES)[number];
