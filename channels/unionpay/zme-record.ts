/** UnionPay's ZME file: corrections of earlier transactions, one a record. */
import { placesOf } from './fixed-fields.ts';

/** Bytes of a record without its CR LF. */
export const ZME_BYTES = 339;

/** The fields in the order of the description. `previous…` is the transaction that the record corrects. */
export const ZME = placesOf([
  ['code', 3],
  ['acquirer', 11],
  ['sender', 11],
  ['trace', 6],
  ['traceTime', 10],
  ['card', 19],
  ['amount', 12],
  ['merchantKind', 4],
  ['terminalKind', 2],
  ['cardType', 2],
  ['previousTrace', 6],
  ['previousTime', 10],
  ['previousClearing', 4],
  ['previousAmount', 12],
  ['fee', 13],
  ['settlement', 13],
  ['group', 15],
  ['merId', 15],
  ['split', 1],
  ['instalmentFee', 12],
  ['instalments', 2],
  ['reserve', 135],
]);
