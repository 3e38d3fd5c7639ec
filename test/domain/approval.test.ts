/** Four eyes as a rule: who may decide what, and until when. */
import { describe, expect, test } from 'vitest';
import type { Approval } from '../../domain/approval.ts';
import { APPROVAL_LIFETIME_MS, approvalStatus, decisionRefused } from '../../domain/approval.ts';

const ASKED = new Date('2026-11-24T02:00:00Z');
const EXPIRES = new Date(ASKED.getTime() + APPROVAL_LIFETIME_MS);
const FINGERPRINT = 'f'.repeat(64);

const open: Approval = {
  id: '1',
  merchantId: 'm1',
  act: 'resolve_refund',
  subject: { of: 'refunds', refundNos: ['RF-1'] },
  content: { as: 'paid', proof: 'a letter' },
  fingerprint: FINGERPRINT,
  askedBy: 'alice',
  askedAt: ASKED,
  reason: 'silent for a week',
  expiresAt: EXPIRES,
  decision: null,
  usedAt: null,
};

const approved: Approval = {
  ...open,
  decision: { verdict: 'approved', by: 'bob', at: ASKED, reason: 'seen' },
};

const last = new Date(EXPIRES.getTime() - 1);

describe('a request', () => {
  test('is open until the very end of its life, and expired from there on', () => {
    expect(approvalStatus(open, ASKED)).toBe('open');
    expect(approvalStatus(open, last)).toBe('open');
    expect(approvalStatus(open, EXPIRES)).toBe('expired');
  });

  test('that was approved and not used expires as well; what was used or rejected stays so', () => {
    const rejected: Approval = {
      ...open,
      decision: { verdict: 'rejected', by: 'bob', at: ASKED, reason: 'no' },
    };

    expect(approvalStatus(approved, last)).toBe('approved');
    expect(approvalStatus(approved, EXPIRES)).toBe('expired');
    expect(approvalStatus({ ...approved, usedAt: ASKED }, EXPIRES)).toBe('used');
    expect(approvalStatus(rejected, EXPIRES)).toBe('rejected');
  });
});

describe('a decision', () => {
  const by = (name: string, o: { fingerprint?: string; now?: Date } = {}) => ({
    by: name,
    fingerprint: o.fingerprint ?? FINGERPRINT,
    now: o.now ?? ASKED,
  });

  test('is for another person, who saw exactly this request', () => {
    expect(decisionRefused(open, by('bob'))).toBeNull();
    expect(decisionRefused(open, by('bob', { now: last }))).toBeNull();
    expect(decisionRefused(open, by('alice'))).toBe('approval_own');
    expect(decisionRefused(open, by('Alice'))).toBe('approval_own');
    expect(decisionRefused(open, by('bob', { fingerprint: '0'.repeat(64) }))).toBe('approval_differs');
  });

  test('comes in time, and once', () => {
    expect(decisionRefused(open, by('bob', { now: EXPIRES }))).toBe('approval_expired');
    expect(decisionRefused(approved, by('carol'))).toBe('approval_decided');
    expect(decisionRefused({ ...approved, usedAt: ASKED }, by('carol', { now: EXPIRES }))).toBe(
      'approval_decided',
    );
  });
});
