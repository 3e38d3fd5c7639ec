/** What keeps a month of an account from being archived: nothing of it may be open any more. */

/** Of each kind so many are said; the rest is seen when these are done. */
export const OBSTACLES_MAX = 20;

export interface MonthObstacles {
  /** yyyy-mm-dd: never closed, or reopened. */
  readonly openDays: readonly string[];
  /** Closed, and something about them has changed since. */
  readonly changedDays: readonly string[];
  readonly openBreaks: readonly { readonly id: string; readonly kind: string; readonly day: string }[];
  /** Refunds of its lines that have no final word. */
  readonly undecided: readonly { readonly refundNo: string; readonly state: string }[];
}

/** In sentences for people; none where the month can be archived. */
export function monthObstacleTexts(of: MonthObstacles): readonly string[] {
  return [
    ...of.openDays.map((day) => `${day} is not closed`),
    ...of.changedDays.map(
      (day) => `${day} has changed since it was closed: close it again, or have it reopened`,
    ),
    ...of.openBreaks.map(({ id, kind, day }) => `break ${id}, ${kind}, of ${day} is open`),
    ...of.undecided.map(({ refundNo, state }) => `refund ${refundNo}, of which a line is there, is ${state}`),
  ];
}
