/** What people accept of a day, as flat names and texts: so that it stands in their request to the letter, and under its fingerprint. */
import type { ApprovalContent } from '../approval.ts';
import type { Accepted } from './checklist.ts';

const BREAK = /^accept_break_([0-9]{1,18})$/;
const ROWS = /^accept_rows_of_statement_([0-9]{1,18})$/;

export function toldOfAccepted({ breaks, setAside }: Accepted): ApprovalContent {
  return Object.fromEntries([
    ...[...breaks].map(([id, reason]) => [`accept_break_${id}`, reason] as const),
    ...[...setAside].map(([id, reason]) => [`accept_rows_of_statement_${id}`, reason] as const),
  ]);
}

export function acceptedOf(content: ApprovalContent): Accepted {
  const named = (pattern: RegExp): Map<string, string> =>
    new Map(
      Object.entries(content).flatMap(([name, reason]) => {
        const id = pattern.exec(name)?.[1];
        return id === undefined ? [] : [[id, reason] as const];
      }),
    );
  return { breaks: named(BREAK), setAside: named(ROWS) };
}
