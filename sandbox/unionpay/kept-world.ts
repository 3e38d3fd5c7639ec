/** What of UnionPay's world lasts between starts, and how it is taken up again. */
import type { KeptParts } from '../keeping.ts';
import { ownerOf } from '../keeping.ts';
import type { Statements } from './statements.ts';
import type { World } from './world.ts';

type KeptWorld = ReturnType<typeof snapshotOf>;

function snapshotOf({ plan, ledger, payments, desk, notices }: World, statements: Statements) {
  return {
    ...{ plan: plan.snapshot(), ledger: ledger.snapshot(), payments: payments.snapshot() },
    ...{ returns: desk.snapshot(), tries: notices.tries.snapshot(), statements: statements.snapshot() },
  };
}

export function keptWorld(world: World, statements: Statements): KeptParts<KeptWorld> {
  const { agenda, clock, published, ledger, merchants, plan, payments, desk, notices } = world;
  return {
    ...{ channel: 'unionpay', owner: ownerOf(published.root), clock, agenda },
    snapshot: () => snapshotOf(world, statements),
    restore: (kept, atMs) => {
      plan.restore(kept.plan);
      ledger.restore(kept.ledger);
      for (const one of merchants.values())
        if (!ledger.knows(one.merId)) ledger.open(one.merId, one.openingBalanceMinor);
      payments.restore(kept.payments);
      statements.restore(kept.statements);
      desk.restore(kept.returns, atMs);
      notices.tries.restore(kept.tries);
    },
  };
}
