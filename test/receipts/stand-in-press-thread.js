// A thread of the paper press that draws nothing, and goes wrong when it is told to by the amount.
export default function draw({ receipt }) {
  switch (receipt.refund.amount_minor) {
    case '1':
      for (;;);
    case '2':
      throw new Error('no ink');
    case '3':
      setImmediate(() => {
        throw new Error('the thread is gone');
      });
      return new Promise(() => undefined);
    default:
      return new Uint8Array([37]);
  }
}
