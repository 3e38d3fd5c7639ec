/** Everything behind the doors, put together: payments, refunds, money, time, trouble. HTTP comes on top. */
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import { startAgenda } from '../agenda.ts';
import { seededDice } from '../dice.ts';
import { Ledger } from '../ledger.ts';
import { TroublePlan } from '../trouble-plan.ts';
import type { ChannelKeys } from './keys.ts';
import { makeStrangerKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';
import { Notices } from './notices.ts';
import { TradeNumbers } from './numbers.ts';
import { Payments } from './payments.ts';
import { ReturnDesk } from './return-desk.ts';
import type { Signer, Spoilt } from './signing.ts';
import { signerOf } from './signing.ts';
import type { RefundTrouble } from './troubles.ts';
import { TROUBLE_RULES } from './troubles.ts';

/** PEM. */
export interface PublishedCertificates {
  readonly root: string;
  readonly issuer: string;
  /** Sent with every answer and notice, too. */
  readonly signing: string;
}

export interface World {
  readonly clock: Clock;
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  /** What merchants verify with. */
  readonly published: PublishedCertificates;
  readonly signer: Signer;
  /** Somebody who pretends to be UnionPay, by the way it is done. */
  readonly stranger: (how: Spoilt) => Signer;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly desk: ReturnDesk;
  readonly notices: Notices;
}

const TRACE_DIGITS = 6;

export function makeWorld(o: {
  readonly clock: Clock;
  readonly merchants: readonly [SandboxMerchant, ...SandboxMerchant[]];
  readonly keys: ChannelKeys;
  readonly seed: number;
  readonly log: (line: string) => void;
}): World {
  const { clock, log } = o;
  const [first, ...others] = o.merchants;
  const dice = seededDice(o.seed);
  const signer = signerOf(o.keys.signing);
  const stranger = strangerTo(signer, clock);
  const agenda = startAgenda(clock);
  const plan = new TroublePlan(TROUBLE_RULES, () => clock.now());
  const ledger = new Ledger();
  const numbers = new TradeNumbers(Number(dice.digits('trace', TRACE_DIGITS)));
  const payments = new Payments([first.merId, ...others.map(({ merId }) => merId)], dice, numbers);
  const notices = new Notices({ clock, agenda, plan, signer, stranger, log });
  const desk = new ReturnDesk({
    ...{ payments, numbers, ledger, agenda, plan, dice },
    onAccepted: (one) => notices.onAccepted(one),
    onEnd: (one) => notices.onEnd(one),
  });
  for (const { merId, openingBalanceMinor } of o.merchants) ledger.open(merId, openingBalanceMinor);
  const merchants = new Map(o.merchants.map((merchant) => [merchant.merId, merchant]));
  const published = publishedOf(o.keys);
  return { clock, merchants, published, signer, stranger, agenda, plan, ledger, payments, desk, notices };
}

/** Making keys takes a moment: only the first forgery pays for it. */
function strangerTo(unionpay: Signer, clock: Clock): (how: Spoilt) => Signer {
  let own: Signer | undefined;
  return (how) => {
    own ??= signerOf(makeStrangerKeys(clock.wallNow()));
    return how === 'certificate' ? own : { ...own, certificate: unionpay.certificate };
  };
}

function publishedOf({ rootPem, issuer, signing }: ChannelKeys): PublishedCertificates {
  return { root: rootPem, issuer: issuer.certificatePem, signing: signing.certificatePem };
}
