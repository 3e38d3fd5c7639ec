/** What of a person's account is shown: enough to know it by, too little to use it. */

/** Letters that steer how a line is read, and control characters: a text that was given to us must not hide another. */
const STEERING = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Runs of figures and masking signs that are long enough for an account, a telephone or an identity card. */
const LONG_NUMBER = /[0-9*xX•●]{7,}/g;

const TAIL_DIGITS = 4;

/**
 * The text with every longer number cut to its last four digits: `622609******0048` becomes `****0048`. What is short, as in
 * the channel's own 招商银行信用卡0403, stays.
 */
export function maskedAccount(text: string): string {
  return plainLine(text).replace(LONG_NUMBER, (run) => {
    const [tail = ''] = /[0-9]*$/.exec(run) ?? [];
    return /[0-9]/.test(run) ? `****${tail.slice(-TAIL_DIGITS)}` : run;
  });
}

/** One line of visible text. */
export function plainLine(text: string): string {
  return text.replace(STEERING, ' ').replace(/\s+/g, ' ').trim();
}

/** A person's name with its first letter only: 李梅 becomes 李*, and so does every longer name of its kind. */
export function maskedName(name: string): string {
  const [first = '', ...others] = plainLine(name);
  return first + '*'.repeat(Math.min(others.length, 2));
}
