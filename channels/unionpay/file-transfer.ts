/**
 * Fetching a clearing day's files: they come inside an answer, as base64 of deflated bytes that are a zip. The signature is
 * over the whole answer, so unlike other channels' files they are held in memory until they are kept; the gateway caps that.
 */
import type { Clock } from '../../domain/clock.ts';
import { beijingTimeOf } from '../../domain/time/plain-date.ts';
import type { StatementAvailability } from '../channel.ts';
import type { Gateway } from './gateway.ts';
import { heldAnswer } from './held-answer.ts';
import { QUESTION_OUTCOMES, outcomeOf } from './outcome.ts';
import { transferred } from './transfer-packing.ts';

/** respCode: the files are not there, or never will be because nothing was cleared. */
const NOT_THERE = '98';

/** @throws AppError `statement_too_large` for an answer over the gateway's cap */
export async function requestStatement(
  gateway: Gateway,
  billDate: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<StatementAvailability> {
  const fields = {
    txnType: '76',
    txnSubType: '01',
    bizType: '000000',
    settleDate: billDate.slice(5).replace('-', ''),
    txnTime: beijingTimeOf(clock.now()).replace(/[^0-9]/g, ''),
    fileType: '00',
  };
  const answer = await gateway.call('file', fields, signal);
  if (answer.kind === 'unknown') return { outcome: 'unknown', why: answer.why, responseId: null };
  if (answer.respCode === NOT_THERE) return { outcome: 'creating', orEmpty: true };
  const question = outcomeOf(QUESTION_OUTCOMES, answer.respCode);
  if (question.outcome === 'held') return heldAnswer(answer, question);
  const content = answer.fields['fileContent'];
  if (answer.respCode !== '00' || content === undefined)
    return { outcome: 'unknown', why: `${answer.respCode} without a file`, responseId: null };
  return { outcome: 'ready', ticket: { hash: null, download: async () => once(transferred(content)) } };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
