import { rotateReceiptKeys } from '../../workers/receipt-desk.ts';
import { createOutput } from '../output.ts';

/** `yuanlu receipt new-keys FILE`: the first keys of an installation, or its next ones. Shows no secret. */
export async function newKeysCommand(file: string, options: { json: boolean }): Promise<void> {
  const output = createOutput(options.json);
  const { signing, verification } = await rotateReceiptKeys(file);
  const document = { file, signing_key_id: signing.id, published: verification.map(({ id }) => id) };
  output.result(document, () => `${file}: receipts are signed with ${signing.id} from the next start on`);
  output.say('Restart the api. Keep the file where nobody else can read it, and a copy of it.');
}
