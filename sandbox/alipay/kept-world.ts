/** What of Alipay's world lasts between starts, and how it is taken up again. */
import type { KeptParts } from '../keeping.ts';
import { ownerOf } from '../keeping.ts';
import type { Bills } from './bills.ts';
import type { World } from './world.ts';

type KeptWorld = ReturnType<typeof snapshotOf>;

function snapshotOf({ plan, ledger, trades, desk, callbacks, signers }: World, bills: Bills) {
  return {
    ...{ plan: plan.snapshot(), ledger: ledger.snapshot(), trades: trades.snapshot() },
    ...{ refunds: desk.snapshot(), tries: callbacks.tries.snapshot(), signers: signers.snapshot() },
    bills: bills.snapshot(),
  };
}

export function keptWorld(world: World, bills: Bills): KeptParts<KeptWorld> {
  const { agenda, clock, keys, ledger, merchants, plan, trades, desk, callbacks, signers } = world;
  return {
    ...{ channel: 'alipay', owner: ownerOf(keys.publicKeyPem), clock, agenda },
    snapshot: () => snapshotOf(world, bills),
    restore: (kept, atMs) => {
      plan.restore(kept.plan);
      ledger.restore(kept.ledger);
      for (const one of merchants.values())
        if (!ledger.knows(one.sellerId)) ledger.open(one.sellerId, one.openingBalanceMinor);
      trades.restore(kept.trades);
      signers.restore(kept.signers);
      bills.restore(kept.bills);
      desk.restore(kept.refunds, atMs);
      callbacks.tries.restore(kept.tries);
    },
  };
}
