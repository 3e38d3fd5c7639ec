/** Everything behind the doors, put together: trades, refunds, money, time, trouble. HTTP comes on top. */
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import { startAgenda } from '../agenda.ts';
import { seededDice } from '../dice.ts';
import { strangerMaker } from '../key-pair.ts';
import { Ledger } from '../ledger.ts';
import { TroublePlan } from '../trouble-plan.ts';
import { Callbacks } from './callbacks.ts';
import type { ChannelKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';
import { RefundDesk } from './refund-desk.ts';
import { SigningKeyRing } from './signing-keys.ts';
import { Trades } from './trades.ts';
import { TROUBLE_RULES } from './troubles.ts';
import type { RefundTrouble } from './troubles.ts';

export interface World {
  readonly clock: Clock;
  /** By their seller id. */
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  readonly keys: ChannelKeys;
  /** Sign answers and notices. */
  readonly signers: SigningKeyRing;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly ledger: Ledger;
  readonly trades: Trades;
  readonly desk: RefundDesk;
  readonly callbacks: Callbacks;
}

export function makeWorld(o: {
  readonly clock: Clock;
  readonly merchants: readonly SandboxMerchant[];
  readonly keys: ChannelKeys;
  readonly notifyHosts: readonly string[];
  readonly seed: number;
  readonly log: (line: string) => void;
}): World {
  const { clock, keys, log } = o;
  const dice = seededDice(o.seed);
  const merchants = new Map(o.merchants.map((merchant) => [merchant.sellerId, merchant]));
  const signers = new SigningKeyRing(keys);
  const agenda = startAgenda(clock);
  const plan = new TroublePlan(TROUBLE_RULES, () => clock.now());
  const ledger = new Ledger();
  const trades = new Trades(merchants, dice, new Set(o.notifyHosts));
  const callbacks = new Callbacks({
    clock,
    agenda,
    plan,
    merchants,
    signers,
    stranger: strangerMaker(),
    log,
  });
  const desk = new RefundDesk({
    ...{ merchants, ledger, agenda, plan, dice },
    onAccepted: (refund) => callbacks.onAccepted(refund),
    onDone: (refund) => callbacks.onDone(refund),
    onBankLegEnd: (refund) => callbacks.onBankLegEnd(refund),
  });
  for (const { sellerId, openingBalanceMinor } of o.merchants) ledger.open(sellerId, openingBalanceMinor);
  return { clock, merchants, keys, signers, agenda, plan, ledger, trades, desk, callbacks };
}
