/** What UnionPay documents of its codes: the same words for respCode and origRespCode, with the differences named. */
import type { DocumentedTable } from '../documented-codes.ts';
import { documented } from '../documented-codes.ts';

const EVERYWHERE = documented({
  good: '00 A6',
  refused: '01 10 13 30 35 36 46',
  unknown: `
    03 04 05 06 99
    14 41 42 64 65 66 67 69 70 71 72 74 75 76 77 79 80 98`,
  'held try_later': '02 39',
  'held rate_limited': '37',
  'held account_config': '11 31 32 40',
  'held blocked': '33 38 45 62 68 78',
  'held payer_account_closed': '60 61 63 73',
});

/** respCode of the refund: a used number is asked about, and there is no payment under "not found". */
export const REFUND_CODES: DocumentedTable = { ...EVERYWHERE, '12': 'unknown', '34': 'refused' };

/** origRespCode: what came of the refund that was asked about. */
export const ORIGINAL_CODES: DocumentedTable = {
  ...EVERYWHERE,
  '12': 'unknown',
  '30': 'held blocked',
  '34': 'absent',
  '35': 'held blocked',
  '36': 'held blocked',
};

/** respCode of a question. */
export const QUESTION_CODES = documented({
  good: '00',
  absent: '34',
  'held account_config': '11 31 32',
  'held rate_limited': '37',
});
