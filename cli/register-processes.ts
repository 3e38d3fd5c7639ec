/** The commands that run something: the demo, the development stack, the processes of a deployment. */
import type { Command } from 'commander';
import type { DevFlags } from './commands/dev.ts';
import type { SandboxFlags } from './commands/sandbox.ts';

export function registerProcesses(program: Command): void {
  program
    .command('demo')
    .description(
      'a virtual month of refunds with planted trouble, on real engines: a minute or several, as the machine is',
    )
    .option('--refunds <n>', 'how many refunds', '360')
    .option('--seed <n>', 'dice for traffic and trouble', '20260901')
    .option('--keep', 'leave the stack running at the end', false)
    .option('--json', 'the last line on stdout is one JSON document', false)
    .action(async (options: { refunds: string; seed: string; keep: boolean; json: boolean }) => {
      const { runDemo } = await import('./demo/demo.ts');
      process.exitCode = await runDemo(options);
    });
  program
    .command('dev')
    .description('the whole stack on this machine, kept up, with the books kept between starts')
    .option('--port <n>', 'port of the API, 0 for a free one', '8080')
    .option('--dir <path>', 'where data, keys and settings are kept; .yuanlu/dev unless given')
    .option(
      '--fast',
      'for trying it out: a business day passes in half a minute, and the data go with the stack (.yuanlu/dev-fast)',
      false,
    )
    .action(async (options: DevFlags) => {
      const { runDev } = await import('./commands/dev.ts');
      await runDev(options);
    });
  for (const name of ['worker', 'api', 'scheduler'] as const) {
    program
      .command(name)
      .description(`the ${name} process of a deployment (configured by environment variables)`)
      .action(async () => {
        const { runProcess } = await import('./commands/process.ts');
        await runProcess(name);
      });
  }
  program
    .command('sandbox')
    .description('WeChat Pay, Alipay and UnionPay on loopback, speaking their real protocols, alone')
    .option('--port <n>', 'port of the first channel, the others have the next ones; 0 for free ones', '9100')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--public-host <name>', 'how others call this host, in a container; ports stay')
    .option('--dir <path>', 'where the keys and the accounts file made at start are kept', '.yuanlu/sandbox')
    .option('--notify-base <url>', 'where callbacks go', 'http://127.0.0.1:8080')
    .option('--start <instant>', 'business time at start; now, unless given')
    .option('--rate <n>', 'business seconds in a second; 0: time stands still unless it is turned', '1')
    .option('--seed <n>', 'dice for how long refunds take, banks and goods', '1')
    .action(async (options: SandboxFlags) => {
      const { runSandbox } = await import('./commands/sandbox.ts');
      await runSandbox(options);
    });
  program
    .command('migrate')
    .description('bring the database schema up to this version')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { json: boolean }) => {
      const { runMigrate } = await import('./commands/migrate.ts');
      await runMigrate(options);
    });
  program
    .command('doctor')
    .description('check the configuration and everything it names, and say how to mend what is wrong')
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (options: { json: boolean }) => {
      const { runDoctor } = await import('./commands/doctor.ts');
      process.exitCode = await runDoctor(options);
    });
}
