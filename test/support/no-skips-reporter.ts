/** Fails the run when a test was skipped: in continuous integration everything that exists must have run. */
import type { Reporter, TestCase } from 'vitest/node';

export default class NoSkipsReporter implements Reporter {
  readonly #skipped: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'skipped') this.#skipped.push(test.fullName);
  }

  onTestRunEnd(): void {
    if (this.#skipped.length === 0) return;
    process.stderr.write(
      `\nSkipped tests are not allowed here:\n${this.#skipped.map((name) => `  ${name}`).join('\n')}\n`,
    );
    process.exitCode = 1;
  }
}
