/** The contract of the demo's last line (design, section 13), and the file of settings that `--keep` leaves. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { REFUND_STATES } from '../../domain/refund/state.ts';
import { BREAK_KINDS } from '../../domain/statement/break.ts';

/** Every field as the contract has it; other fields may be added, none may go or change its type. */
const count = z.int().min(0);
const counts = (names: readonly string[]) => z.object(Object.fromEntries(names.map((name) => [name, count])));
export const contract = z.object({
  refunds: count,
  by_state: counts(REFUND_STATES).strict(),
  statements: z.object({
    files: count,
    lines: count,
    refund_lines: count,
    matched: count,
    breaks: counts(BREAK_KINDS).strict(),
    quarantined: count,
  }),
  overdue: z.array(
    z.object({
      refund_no: z.string().min(1),
      channel: z.enum(['wechat', 'alipay', 'unionpay']),
      amount_minor: z.string().regex(/^[1-9][0-9]*$/),
      days_late: count,
      serials: z.object({
        refund_no: z.string(),
        // Alipay has no number of its own for a refund.
        channel_refund_no: z
          .string()
          .regex(/^[0-9]{20,32}$/)
          .nullable(),
        transaction_id: z.string().regex(/^[0-9]{20,32}$/),
      }),
      proof: z.array(
        z.object({
          name: z.object({ zh: z.string().min(1), en: z.string().min(1) }),
          value: z.string().nullable(),
          readers: z.array(z.enum(['payer_bank', 'payer_channel', 'merchant_channel'])),
          for: z.array(z.object({ zh: z.string().min(1), en: z.string().min(1) })).min(1),
        }),
      ),
    }),
  ),
  planted: z.array(
    z.object({
      channel: z.string(),
      trouble: z.string(),
      refund_no: z.string(),
      expected: z.string(),
      found: z.string(),
    }),
  ),
  closed_days: z.object({
    closed: count,
    not_closed: z.array(z.object({ account_id: z.string(), bill_date: z.iso.date(), why: z.string() })),
    file: z.object({ verdict: z.literal('genuine'), changed: z.literal('changed') }),
  }),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean() })),
  urls: z.object({
    console: z.url().nullable(),
    receipt: z.url().nullable(),
    temporal: z.url().nullable(),
  }),
  elapsed_ms: z.int().min(1),
});

export type Summary = z.infer<typeof contract>;

/** Reads the file as a shell would: `export NAME='value'`, line by line. */
export function readSettings(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^export ([A-Z_]+)='([^']*)'$/.exec(line) ?? [];
      return [name, value];
    }),
  );
}
