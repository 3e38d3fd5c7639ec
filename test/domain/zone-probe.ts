/** Prints arrival plans as JSON. Run by arrival-window.test.ts in processes of different time zones. */
import { zoneCases } from './zone-cases.ts';

process.stdout.write(JSON.stringify(zoneCases()));
