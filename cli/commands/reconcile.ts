/** `yuanlu reconcile`: statements against a refund list, in a database that is made for it and thrown away. */
import { systemClock } from '../../workers/clock.ts';
import { EXIT } from '../exit.ts';
import { createOutput, progress } from '../output.ts';
import type { Books } from '../reconcile/books.ts';
import { openBooks } from '../reconcile/books.ts';
import { breaksIn, documentOf } from '../reconcile/document.ts';
import { writeExports } from '../reconcile/exports.ts';
import { notesOn } from '../reconcile/notes.ts';
import { planOf } from '../reconcile/options.ts';
import { reportText, SHOWN_ROWS_MAX } from '../reconcile/report-text.ts';
import type { OverdueRow } from '../reconcile/rows.ts';
import { overdueRows } from '../reconcile/rows.ts';
import { openList, reconcile } from '../reconcile/run.ts';
import { removeOnSignal } from '../remove-on-signal.ts';
import type { ReconcileFlags } from '../register-books.ts';

/** Progress is told once a run takes longer than people wait in silence. */
const PROGRESS_EVERY_MS = 1_000;

/** @returns the exit code: 0, or 1 with `--fail-on-breaks` and breaks */
export async function reconcileCommand(flags: ReconcileFlags): Promise<number> {
  const output = createOutput(flags.json);
  const line = progress(PROGRESS_EVERY_MS);
  const say = (text: string): void => {
    line.done();
    output.say(text);
  };
  const plan = await planOf(flags);
  const list = await openList(plan);
  line.update(plan.database === null ? 'starting a Postgres for this run' : 'making a database for this run');
  const opening = openBooks(plan.database, say);
  const close = removeOnSignal(opening, { say, stop: () => list.copyText.destroy() });
  try {
    const books = await opening;
    const findings = await reconcile(plan, books, list, { now: systemClock().now(), progress: line });
    const document = documentOf(findings);
    const overdue = await firstOverdue(books);
    if (plan.out !== null) {
      await writeExports(books.owner, plan.out, findings, document, line);
    }
    line.done();
    for (const note of notesOn(findings)) output.say(note);
    output.result(document, () => reportText(findings, document, overdue, plan.out));
    return flags.failOnBreaks && breaksIn(findings.judgement) > 0 ? EXIT.differences : EXIT.ok;
  } finally {
    line.done();
    await close();
  }
}

async function firstOverdue(books: Books): Promise<OverdueRow[]> {
  const rows: OverdueRow[] = [];
  for await (const row of overdueRows(books.owner, SHOWN_ROWS_MAX)) rows.push(row);
  return rows;
}
