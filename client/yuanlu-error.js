/** Everything that this client throws. */
export class YuanluError extends Error {
  name = 'YuanluError';
}
