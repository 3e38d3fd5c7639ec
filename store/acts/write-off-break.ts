import type { WriteOffCode } from '../../domain/statement/break-work.ts';
import { WRITE_OFF_CODES, atStakeMinor, mayWriteOff } from '../../domain/statement/break-work.ts';
import { writeBreakEvent } from '../break-events.ts';
import { currentBreakRules } from '../break-rules.ts';
import type { BreakAct } from './break-acts.ts';

/** Two people leave a difference as it is. What is known of the refund stays what the evidence says. */
export const writeOffBreak: BreakAct = {
  act: 'write_off_break',
  bulk: true,
  look: async (db, one, { content }) => {
    const rules = await currentBreakRules(db);
    const code = WRITE_OFF_CODES.find((each): each is WriteOffCode => each === content['code']);
    const refused =
      one.status !== 'open'
        ? { why: 'the break is closed' }
        : code === undefined || !mayWriteOff(one, code, rules)
          ? { why: 'more is at stake than this reason allows', at_stake_minor: atStakeMinor(one).toString() }
          : null;
    return { evidence: '', refused };
  },
  carryOut: (tx, one, { approvalId, content, askedBy, decidedBy, now }) =>
    writeBreakEvent(tx, {
      ...{ breakId: one.id, at: now, kind: 'written_off', by: decidedBy, approvalId },
      ...{ reasonCode: content['code'], note: content['proof'], detail: { asked_by: askedBy } },
    }),
};
