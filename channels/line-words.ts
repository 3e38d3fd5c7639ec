/** What every reader writes of lines in the same words, as COPY text. */
import type { LineType } from '../domain/statement/statement.ts';

export const word = (text: string): Buffer => Buffer.from(text, 'utf8');

export const CNY = word('CNY');

export const LINE_TYPES: Readonly<Record<LineType, Buffer>> = {
  payment: word('payment'),
  refund: word('refund'),
  revoked: word('revoked'),
  adjustment: word('adjustment'),
  in: word('in'),
  out: word('out'),
};
