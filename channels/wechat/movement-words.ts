/** How the fund-flow bill words movements of refunds (业务类型). Payments have words of their own, but for the fee. */
import type { MovementWord } from '../../domain/statement/movement.ts';

export const WECHAT_MOVEMENT_WORDS: readonly MovementWord[] = [
  { word: '退款', direction: 'out', role: 'refund' },
  { word: '退还交易手续费', direction: 'in', role: 'refund_fee' },
  { word: '退款关闭', direction: 'in', role: 'back' },
  { word: '退款退回', direction: 'in', role: 'back' },
  // Also the fee of a payment; whose it is says the number beside it.
  { word: '扣除交易手续费', direction: 'out', role: 'back_fee' },
];
