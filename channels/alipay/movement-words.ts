/** How the account's log words movements of refunds (业务类型). What those words are in every age of the file is unconfirmed. */
import type { MovementWord } from '../../domain/statement/movement.ts';

export const ALIPAY_MOVEMENT_WORDS: readonly MovementWord[] = [
  { word: '交易退款', direction: 'out', role: 'refund' },
  { word: '退费', direction: 'in', role: 'refund_fee' },
  { word: '退款退回', direction: 'in', role: 'back' },
];
