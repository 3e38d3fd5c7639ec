/** What of WeChat Pay's world lasts between starts, and how it is taken up again. */
import type { KeptParts } from '../keeping.ts';
import { ownerOf } from '../keeping.ts';
import type { Bills } from './bills.ts';
import type { World } from './world.ts';

type KeptWorld = ReturnType<typeof snapshotOf>;

function snapshotOf({ plan, ledger, orders, desk, callbacks, vault }: World, bills: Bills) {
  return {
    ...{ plan: plan.snapshot(), ledger: ledger.snapshot(), orders: orders.snapshot() },
    ...{ refunds: desk.snapshot(), tries: callbacks.tries.snapshot(), vault: vault.snapshot() },
    bills: bills.snapshot(),
  };
}

export function keptWorld(world: World, bills: Bills): KeptParts<KeptWorld> {
  const { agenda, clock, ledger, merchants, plan, orders, desk, callbacks, vault } = world;
  return {
    ...{ channel: 'wechat', owner: ownerOf(vault.published().publicKeyPem), clock, agenda },
    snapshot: () => snapshotOf(world, bills),
    restore: (kept, atMs) => {
      plan.restore(kept.plan);
      ledger.restore(kept.ledger);
      for (const one of merchants.values())
        if (!ledger.knows(one.mchid)) ledger.open(one.mchid, one.openingBalanceMinor);
      orders.restore(kept.orders);
      vault.restore(kept.vault);
      bills.restore(kept.bills);
      desk.restore(kept.refunds, atMs);
      callbacks.tries.restore(kept.tries);
    },
  };
}
