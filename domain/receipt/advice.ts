/** What the person who waits can do: usually nothing; when it is late, whom to ask and which number to quote. */
import type { Observation } from '../refund/observation.ts';
import type { ProofNumber, ProofReader } from '../refund/proof.ts';
import type { Refund } from '../refund/refund.ts';
import type { Phase } from './phase.ts';
import { CHANNEL_TITLES, FALLBACK_TITLES, REASONS, SENTENCES, filled } from './texts.ts';
import type { Words } from './words.ts';
import { minuteWords } from './words.ts';

interface Situation {
  readonly refund: Refund;
  readonly phase: Phase;
  readonly late: boolean;
  readonly proof: readonly ProofNumber[];
  readonly observations: readonly Observation[];
}

export function adviceFor(of: Situation): readonly Words[] {
  const { refund, late } = of;
  const said = [...aboutPhase(of), ...(refund.windowProvisional ? [SENTENCES.provisional] : [])];
  const help = late || isBadNews(of) ? [SENTENCES.help] : [];
  return [...said, ...help].map((words) => filled(words, { channel: CHANNEL_TITLES[refund.channel] }));
}

/** Where the payer has to do with it; what merchant and channel clear up between them is no reason to complain yet. */
function isBadNews({ phase, refund }: Situation): boolean {
  return phase === 'not_made' || phase === 'returned' || (phase === 'needs_action' && isPayers(refund));
}

/** Their card or account cannot be credited. */
function isPayers({ stateReason }: Refund): boolean {
  return stateReason === 'abnormal' || stateReason === 'payer_account_closed';
}

function aboutPhase(of: Situation): readonly Words[] {
  const { refund, phase, late } = of;
  switch (phase) {
    case 'submitting':
      return late ? aboutLate(of) : [...whileSubmitting(refund), SENTENCES.nothing_to_do];
    case 'accepted':
      return late ? aboutLate(of) : [SENTENCES.nothing_to_do];
    case 'at_bank':
      return late ? aboutLate(of) : [SENTENCES.bank_posts, SENTENCES.nothing_to_do];
    case 'paid_out':
      return [
        refund.flaw === null ? SENTENCES.card_may_take : SENTENCES.flaw,
        ...(late ? [SENTENCES.past_day] : []),
        ...aboutCard(of),
        ...quotes(of),
      ];
    case 'arrived':
      return [...aboutCard(of), ...quotes(of)];
    case 'needs_action':
      return [
        ...reasonOf(refund),
        isPayers(refund) ? SENTENCES.merchant_will_call : SENTENCES.being_cleared,
        quoteMerchant(refund),
      ];
    case 'not_made':
      return [SENTENCES.not_made, quoteMerchant(refund)];
    case 'returned':
      return [SENTENCES.returned, SENTENCES.merchant_will_call, quoteMerchant(refund)];
    case 'to_be_paid_otherwise':
      return [...otherwise(of, SENTENCES.paid_otherwise_soon), quoteMerchant(refund)];
    case 'paid_otherwise':
      return [...otherwise(of, SENTENCES.paid_otherwise), quoteMerchant(refund)];
  }
}

/** Why it is not with the channel yet, where the payer can be told. */
function whileSubmitting(refund: Refund): readonly Words[] {
  if (refund.state !== 'needs_action') return [SENTENCES.soon];
  const reason = reasonOf(refund);
  return reason.length > 0 ? reason : [SENTENCES.in_hand];
}

function aboutLate(of: Situation): readonly Words[] {
  const { lastAskedAt } = of.refund;
  const first =
    lastAskedAt === null ? SENTENCES.late : filled(SENTENCES.asked, { asked: minuteWords(lastAskedAt) });
  return [first, ...quotes(of)];
}

function aboutCard({ refund }: Situation): readonly Words[] {
  if (refund.bankLeg === 'returned_to_wallet') return [SENTENCES.returned_to_wallet];
  if (refund.payment.fundingSource === 'credit_card') return [SENTENCES.credit_card];
  return refund.payment.fundingSource === 'credit_line' ? [SENTENCES.credit_line] : [];
}

function quotes({ refund, proof }: Situation): readonly Words[] {
  const isCard = ['debit_card', 'credit_card', 'unknown'].includes(refund.payment.fundingSource);
  return [
    ...quote(proof, 'payer_channel', SENTENCES.quote_channel),
    ...(isCard && refund.bankLeg !== 'returned_to_wallet'
      ? quote(proof, 'payer_bank', SENTENCES.quote_bank)
      : []),
    quoteMerchant(refund),
  ];
}

/** The first number that the reader understands and that there is. */
function quote(proof: readonly ProofNumber[], reader: ProofReader, words: Words): readonly Words[] {
  const number = proof.find(({ readers, value }) => value !== null && readers.includes(reader));
  return number === undefined ? [] : [filled(words, { name: number.name, value: number.value ?? '' })];
}

/** How, to whom and under which number the merchant pays, as far as that is known. */
function otherwise({ observations }: Situation, words: Words): readonly Words[] {
  const approved = observations.find((one) => one.kind === 'fallback_approved');
  if (approved === undefined) return [];
  const paid = observations.find((one) => one.kind === 'fallback_paid');
  const { method, payee, bank, accountEnding } = approved;
  const account = [bank, accountEnding].filter((part) => part !== undefined).join(' ');
  return [
    filled(words, {
      method: FALLBACK_TITLES[method],
      payee: account === '' ? payee : `${payee} (${account})`,
      ...(paid === undefined ? {} : { paid: minuteWords(new Date(paid.paidAt)), value: paid.reference }),
    }),
  ];
}

function quoteMerchant({ refundNo }: Refund): Words {
  return filled(SENTENCES.quote_merchant, { value: refundNo });
}

function reasonOf({ stateReason }: Refund): readonly Words[] {
  const words = stateReason === null ? undefined : REASONS[stateReason];
  return words === undefined ? [] : [words];
}
