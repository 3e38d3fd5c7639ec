/** What refunds and questions get for an answer, planned trouble included; how it travels is the HTTP side's business. */
import type { LostHow } from '../lost-answer.ts';
import { plainAnswer, stateAnswer, takenAnswer } from './answers.ts';
import { GatewayRefusal } from './codes.ts';
import type { Payment, Return } from './model.ts';
import type { ReturnRequest } from './return-request.ts';
import { readReturn } from './return-request.ts';
import { needed, neededTime } from './shapes.ts';
import type { Fields, Spoilt } from './signing.ts';
import type { Call, RefundTrouble } from './troubles.ts';
import type { World } from './world.ts';

/** An answer before it is signed, and what happens to it on the way. */
export interface Answer {
  readonly fields: Fields;
  /** 200 when absent; with any other there are no fields. */
  readonly status?: number;
  readonly lost?: LostHow;
  readonly slowMs?: number;
  readonly spoilt?: Spoilt;
}

type WireTrouble = Extract<RefundTrouble, { kind: 'slow' | 'wrong_signature' }>;

const SLOW_MS = 1500;
const SERVER_FAULT = 500;
const DEAD_CARD = '63';
const ABOVE_LIMIT = '33';

export class Calls {
  readonly #world: World;
  readonly #isHostAllowed: (host: string) => boolean;

  constructor(world: World, isHostAllowed: (host: string) => boolean) {
    this.#world = world;
    this.#isHostAllowed = isHostAllowed;
  }

  /** A refund or a cancellation. @throws GatewayRefusal */
  giveBack(merId: string, fields: Fields): Answer {
    const { plan, desk, clock } = this.#world;
    const request = readReturn(fields, this.#isHostAllowed);
    const { orderId } = request;
    plan.meet(orderId);
    const repeated = desk.repeated(merId, request);
    const instead = repeated === undefined ? this.#troubleBefore(request, fields) : undefined;
    if (instead !== undefined) return instead;
    const one = repeated ?? desk.accept(merId, request, clock.now().getTime());
    const answer = repeated === undefined ? this.#taken(one, fields) : plainAnswer(fields, '12');
    return this.#sentAs(one.orderId, 'create', answer);
  }

  /** A question about any trade, by number and time. @throws GatewayRefusal 34 when there is none */
  query(merId: string, fields: Fields): Answer {
    const { plan, desk, payments, clock } = this.#world;
    const orderId = needed(fields, 'orderId');
    const txnTime = neededTime(fields);
    const payment = payments.byOrderId(merId, orderId);
    const one = desk.find(merId, orderId, txnTime) ?? (payment?.txnTime === txnTime ? payment : undefined);
    if (one === undefined) throw new GatewayRefusal('34');
    if (plan.use(orderId, 'a query is answered 37', 'query_limited')) throw new GatewayRefusal('37');
    const silent = plan.use(orderId, 'a query finds nothing out', 'silent_query');
    const code = silent?.code ?? '34';
    if (silent !== undefined && code === '34') throw new GatewayRefusal('34');
    const nowMs = clock.now().getTime();
    const surplus = this.#surplusOf(one, 'query');
    const state =
      silent === undefined ? stateAnswer(one, nowMs, surplus) : stateAnswer(one, nowMs, surplus, code);
    return this.#onTheWay(orderId, 'query', { fields: state });
  }

  /** Troubles that keep a refund from being taken on. @throws GatewayRefusal */
  #troubleBefore({ orderId }: ReturnRequest, fields: Fields): Answer | undefined {
    const { plan } = this.#world;
    const later = plan.use(orderId, 'asked to come again', 'try_later');
    if (later !== undefined) throw new GatewayRefusal(later.code ?? '02');
    const short = plan.use(orderId, 'held for want of money', 'not_enough');
    if (short !== undefined) throw new GatewayRefusal(short.code ?? ABOVE_LIMIT);
    const refused = plan.use(orderId, 'refused', 'refused');
    if (refused !== undefined) throw new GatewayRefusal(refused.code ?? DEAD_CARD);
    for (const kind of ['error_5xx', 'unknown_code', 'lost_answer'] as const) {
      if (plan.of(orderId, kind)?.accepted === false)
        return this.#badly(orderId, fields, 'not accepted', kind);
    }
    return undefined;
  }

  #taken(one: Return, fields: Fields): Fields {
    return takenAnswer(fields, one, this.#surplusOf(one, 'create'));
  }

  /** The answer to a refund that was taken, as it travels. */
  #sentAs(orderId: string, call: Call, fields: Fields): Answer {
    const bad = this.#badly(orderId, fields, 'accepted', 'error_5xx', 'unknown_code', 'lost_answer');
    return bad ?? this.#onTheWay(orderId, call, { fields });
  }

  /** An answer from which nobody learns whether the refund was taken. */
  #badly(
    orderId: string,
    fields: Fields,
    what: string,
    ...kinds: readonly ('error_5xx' | 'unknown_code' | 'lost_answer')[]
  ): Answer | undefined {
    const trouble = this.#world.plan.use(orderId, `an answer that says nothing, ${what}`, ...kinds);
    switch (trouble?.kind) {
      case 'error_5xx':
        return { fields: {}, status: trouble.status ?? SERVER_FAULT };
      case 'unknown_code':
        return { fields: plainAnswer(fields, trouble.code ?? '05') };
      case 'lost_answer':
        return { fields, lost: trouble.how ?? 'cut' };
      case undefined:
        return undefined;
    }
  }

  #onTheWay(orderId: string, call: Call, answer: Answer): Answer {
    const slow = this.#useOn(orderId, call, 'slow');
    const wrong = this.#useOn(orderId, call, 'wrong_signature');
    return {
      ...answer,
      ...(slow?.kind === 'slow' ? { slowMs: slow.ms ?? SLOW_MS } : {}),
      ...(wrong?.kind === 'wrong_signature' ? { spoilt: wrong.how ?? 'signature' } : {}),
    };
  }

  /** Uses a trouble of answers, if it is one of answers to this call. */
  #useOn(orderId: string, call: Call, kind: WireTrouble['kind']): WireTrouble | undefined {
    const { plan } = this.#world;
    if ((plan.of(orderId, kind)?.on ?? 'create') !== call) return undefined;
    return plan.use(orderId, `the answer to ${call}`, kind);
  }

  #surplusOf(one: Payment | Return, call: Call): bigint {
    const trouble = this.#world.plan.use(one.orderId, `${call} names another amount`, 'other_amount');
    return trouble === undefined ? 0n : BigInt(trouble.fen ?? 1);
  }
}
