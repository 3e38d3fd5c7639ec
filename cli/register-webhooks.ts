/** The commands about webhooks: where a backend is told, and whether it took what it was told. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { DELIVERY_STATUSES } from '../domain/notice/delivery.ts';
import type { DeliveryStatus } from '../domain/notice/delivery.ts';

export interface AddFlags {
  readonly types?: string;
  readonly json: boolean;
}

export interface RotateFlags {
  readonly overlapHours?: string;
  readonly json: boolean;
}

export interface DeliveriesFlags {
  readonly status?: DeliveryStatus;
  readonly endpoint?: string;
  readonly refund?: string;
  readonly limit: string;
  readonly json: boolean;
}

export interface ReplayFlags {
  readonly endpoint?: string;
  readonly json: boolean;
}

const JSON_OPTION = ['--json', 'print one JSON document on stdout', false] as const;

export function registerWebhooks(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('what your backend is told, and whether it took it (YUANLU_API_URL, YUANLU_API_KEY)');
  registerEndpoints(webhooks);
  registerSwitches(webhooks);
  registerDeliveries(webhooks);
}

function registerEndpoints(webhooks: Command): void {
  webhooks
    .command('add')
    .description('send events to an address from now on; its secret is shown once')
    .argument('<url>')
    .option('--types <types>', 'which, with commas between: refund.settled,refund.failed (default: all)')
    .option(...JSON_OPTION)
    .action(async (url: string, options: AddFlags) => {
      const { addCommand } = await import('./commands/webhook-endpoints.ts');
      await addCommand(url, options);
    });
  webhooks
    .command('list')
    .description('the endpoints, without their secrets')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listCommand } = await import('./commands/webhook-endpoints.ts');
      await listCommand(options);
    });
  webhooks
    .command('rotate')
    .description('exchange the secret of an endpoint; both sign until the overlap is over')
    .argument('<endpoint-id>')
    .option('--overlap-hours <n>', 'how long the secret before signs as well, 0 to 168 (default: 24)')
    .option(...JSON_OPTION)
    .action(async (id: string, options: RotateFlags) => {
      const { rotateCommand } = await import('./commands/webhook-endpoints.ts');
      await rotateCommand(id, options);
    });
}

function registerSwitches(webhooks: Command): void {
  for (const [name, about] of [
    ['disable', 'send nothing there any more, and give up what is on its way'],
    ['enable', 'send events there again, from now on'],
  ] as const)
    webhooks
      .command(name)
      .description(about)
      .argument('<endpoint-id>')
      .option(...JSON_OPTION)
      .action(async (id: string, options: { json: boolean }) => {
        const { switchCommand } = await import('./commands/webhook-endpoints.ts');
        await switchCommand(id, name, options);
      });
  webhooks
    .command('test')
    .description('send an event that only tries the endpoint, and wait for what it answers')
    .argument('<endpoint-id>')
    .option(...JSON_OPTION)
    .action(async (id: string, options: { json: boolean }) => {
      const { testCommand } = await import('./commands/webhook-deliveries.ts');
      await testCommand(id, options);
    });
}

function registerDeliveries(webhooks: Command): void {
  webhooks
    .command('deliveries')
    .description('what became of each event at each endpoint, newest first')
    .addOption(new Option('--status <status>', 'only those').choices(DELIVERY_STATUSES))
    .option('--endpoint <id>', 'only those of one endpoint')
    .option('--refund <refund-no>', 'only those about one refund')
    .option('--limit <n>', 'how many, 1 to 200', '50')
    .option(...JSON_OPTION)
    .action(async (options: DeliveriesFlags) => {
      const { deliveriesCommand } = await import('./commands/webhook-deliveries.ts');
      await deliveriesCommand(options);
    });
  webhooks
    .command('replay')
    .description('send again what was given up: one delivery, or all of an endpoint')
    .argument('[delivery-id]')
    .option('--endpoint <id>', 'everything that this endpoint was given up for')
    .option(...JSON_OPTION)
    .action(async (id: string | undefined, options: ReplayFlags) => {
      const { replayCommand } = await import('./commands/webhook-deliveries.ts');
      await replayCommand(id, options);
    });
}
