/** Everything behind the doors, put together: orders, refunds, money, time, trouble. HTTP comes on top. */
import type { Clock } from '../../domain/clock.ts';
import type { Agenda } from '../agenda.ts';
import { startAgenda } from '../agenda.ts';
import { Callbacks } from './callbacks.ts';
import { seededDice } from '../dice.ts';
import type { ChannelKeys } from './keys.ts';
import { strangerMaker } from '../key-pair.ts';
import { Ledger } from '../ledger.ts';
import type { SandboxMerchant } from './model.ts';
import { Orders } from './orders.ts';
import { RefundDesk } from './refund-desk.ts';
import { TroublePlan } from '../trouble-plan.ts';
import { TROUBLE_RULES } from './troubles.ts';
import type { RefundTrouble } from './troubles.ts';
import { Vault } from './vault.ts';

export interface World {
  readonly clock: Clock;
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  readonly vault: Vault;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly ledger: Ledger;
  readonly orders: Orders;
  readonly desk: RefundDesk;
  readonly callbacks: Callbacks;
}

export function makeWorld(o: {
  readonly clock: Clock;
  readonly merchants: readonly SandboxMerchant[];
  readonly keys: ChannelKeys;
  readonly seed: number;
  readonly log: (line: string) => void;
}): World {
  const { clock, log } = o;
  const dice = seededDice(o.seed);
  const merchants = new Map(o.merchants.map((merchant) => [merchant.mchid, merchant]));
  const vault = new Vault(o.keys, clock);
  const agenda = startAgenda(clock);
  const plan = new TroublePlan(TROUBLE_RULES, () => clock.now());
  const ledger = new Ledger();
  const orders = new Orders(merchants, dice, (mchid) => ledger.balanceOf(mchid, 'fees'));
  const callbacks = new Callbacks({
    ...{ clock, agenda, plan, merchants, stranger: strangerMaker(), log },
    signer: () => vault.callbackSigner(),
  });
  const desk = new RefundDesk({
    ...{ orders, ledger, agenda, plan, dice },
    onAccepted: (refund) => callbacks.onAccepted(refund),
    onEnd: (refund) => callbacks.onEnd(refund),
  });
  for (const { mchid, openingBalanceMinor } of o.merchants) ledger.open(mchid, openingBalanceMinor);
  return { clock, merchants, vault, agenda, plan, ledger, orders, desk, callbacks };
}
