/** When the files of a clearing day can be had, and what is in them: an answer that holds a zip, deflated, in base64. */
import { refill } from '../refill.ts';
import { deflateSync } from 'node:zlib';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, beijingInstant } from '../../domain/time/plain-date.ts';
import { isMendedBy, surplusInBill } from '../bill-troubles.ts';
import { compactDate } from '../instants.ts';
import { zipFile } from '../zip-file.ts';
import { plainAnswer } from './answers.ts';
import { GatewayRefusal } from './codes.ts';
import type { Payment, Return } from './model.ts';
import { clearedAtMs } from './model.ts';
import { clearingDateOf, dateOfSettleDate } from './numbers.ts';
import { printedReport } from './printed-report.ts';
import { needed, neededTime } from './shapes.ts';
import type { Fields } from './signing.ts';
import type { World } from './world.ts';
import type { ClearedTrade } from './zm-file.ts';
import { zmFile } from './zm-file.ts';
import type { Correction } from './zme-file.ts';
import { zmeFile } from './zme-file.ts';

const HOUR_MS = 3_600_000;
/** Of the day after. */
const READY_AT = '09:00:00';
/** Not there: not yet, or because nothing was cleared. */
const NO_FILE = '98';

interface Cleared {
  readonly one: Payment | Return;
  readonly atMs: number;
}

interface Day {
  readonly trades: readonly ClearedTrade[];
  readonly corrections: readonly Correction[];
}

export class Statements {
  readonly #world: World;
  /** Once somebody has seen the files of a day they stay as they were. */
  readonly #made = new Map<string, Buffer | null>();

  constructor(world: World) {
    this.#world = world;
  }

  snapshot(): ReadonlyMap<string, Buffer | null> {
    return this.#made;
  }

  restore(kept: ReadonlyMap<string, Buffer | null>): void {
    refill(this.#made, kept);
  }

  /** The answer to asking for the files of a day. @throws GatewayRefusal */
  answer(merId: string, fields: Fields): Fields {
    if (needed(fields, 'txnType') !== '76' || needed(fields, 'txnSubType') !== '01')
      throw new GatewayRefusal('32', 'txnType');
    neededTime(fields);
    needed(fields, 'fileType');
    const latest = clearingDateOf(this.#world.clock.now().getTime());
    const date = dateOfSettleDate(needed(fields, 'settleDate'), latest);
    if (date === null) throw new GatewayRefusal('10', 'settleDate');
    this.#checkReady(merId, date);
    const zip = this.#zip(merId, date);
    if (zip === null) throw new GatewayRefusal(NO_FILE);
    return {
      ...plainAnswer(fields, '00'),
      fileName: `${merId}_${date.replaceAll('-', '')}.zip`,
      fileContent: deflateSync(zip).toString('base64'),
    };
  }

  #checkReady(merId: string, date: PlainDate): void {
    const { clock, plan } = this.#world;
    const nowMs = clock.now().getTime();
    if (nowMs >= this.#readyAtMs(merId, date) && !plan.waitsToBeMet(merId, date, 'trade')) return;
    if (nowMs >= usualReadyAtMs(date)) plan.noteLate(merId, date, 'trade');
    throw new GatewayRefusal(NO_FILE);
  }

  #zip(merId: string, date: PlainDate): Buffer | null {
    const key = `${merId}/${date}/${this.#versionOf(merId, date)}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const zip = this.#makeZip(merId, date);
    this.#made.set(key, zip);
    return zip;
  }

  #makeZip(merId: string, date: PlainDate): Buffer | null {
    const { trades, corrections } = this.#dayOf(merId, date);
    if (trades.length + corrections.length === 0) return null;
    const day = date.replaceAll('-', '').slice(2);
    const report = printedReport(trades, {
      merId,
      name: this.#world.merchants.get(merId)?.name ?? '沙箱商户',
      clearingDate: `20${day}`,
      madeOn: compactDate(this.#readyAtMs(merId, date)),
    });
    const files: readonly (readonly [name: string, content: Buffer])[] = [
      [`INN${day}88ZM_${merId}`, zmFile(trades)],
      ...(corrections.length === 0 ? [] : [[`INN${day}88ZME_${merId}`, zmeFile(corrections)] as const]),
      [`RD2010${day}01_${merId}`, report],
    ];
    return zipFile(files.map(([name, content]) => ({ name: Buffer.from(name), content })));
  }

  #dayOf(merId: string, date: PlainDate): Day {
    const trades: ClearedTrade[] = [];
    const corrections = [...this.#bouncedOn(merId, date)];
    for (const { one, atMs } of this.#clearedOn(merId, date)) {
      if (one.txnType === '01') {
        trades.push({ one, amountMinor: one.amountMinor });
        continue;
      }
      const surplus = surplusInBill(this.#world.plan, one.orderId, this.#isMended(one, date));
      if (surplus === null) continue;
      const amountMinor = one.amountMinor + surplus;
      if (this.#world.plan.use(one.orderId, 'in the error file', 'in_error_file')) {
        const own = { traceNo: one.traceNo, atMs: one.acceptedAtMs, clearedAtMs: atMs };
        corrections.push({ one, amountMinor, direction: 'out', ...own });
      } else trades.push({ one, amountMinor });
    }
    return { trades, corrections };
  }

  #bouncedOn(merId: string, date: PlainDate): readonly Correction[] {
    const { clock, desk, plan } = this.#world;
    const nowMs = clock.now().getTime();
    return desk.of(merId).flatMap((one) => {
      const { bounce, verdict, amountMinor } = one;
      if (bounce === null || verdict === null || bounce.atMs > nowMs) return [];
      if (clearingDateOf(bounce.atMs) !== date) return [];
      plan.note(one.orderId, 'bank_returned', 'in the error file');
      return [{ one, amountMinor, direction: 'in', ...bounce, clearedAtMs: verdict.atMs }];
    });
  }

  /** What was cleared on the day, in the order in which that happened. */
  #clearedOn(merId: string, date: PlainDate): readonly Cleared[] {
    const { clock, payments, desk } = this.#world;
    const nowMs = clock.now().getTime();
    return [...payments.all(), ...desk.of(merId)]
      .flatMap((one) => {
        const atMs = one.merId === merId ? clearedAtMs(one, nowMs) : null;
        return atMs === null || clearingDateOf(atMs) !== date ? [] : [{ one, atMs }];
      })
      .toSorted((left, right) => left.atMs - right.atMs);
  }

  /** Which refunds' lines are mended by now: as many versions as there are different answers to that. */
  #versionOf(merId: string, date: PlainDate): string {
    const mended = this.#clearedOn(merId, date).filter(({ one }) => this.#isMended(one, date));
    return String(mended.length + 1);
  }

  #isMended({ merId, orderId }: Payment | Return, date: PlainDate): boolean {
    const { plan, clock } = this.#world;
    return isMendedBy(plan, orderId, this.#readyAtMs(merId, date), clock.now().getTime());
  }

  /** Later than usual by what was planned for the day. */
  #readyAtMs(merId: string, date: PlainDate): number {
    return usualReadyAtMs(date) + this.#world.plan.lateHours(merId, date) * HOUR_MS;
  }
}

function usualReadyAtMs(date: PlainDate): number {
  return beijingInstant(addDays(date, 1), READY_AT).getTime();
}
