/** A rule of the channel says no: each channel has its own kind, with its own way of telling its clients. */
export abstract class ChannelRefusal extends Error {
  /** The HTTP status that the control side gives it. */
  abstract readonly status: number;
  /** The channel's own word. */
  abstract readonly code: string;
}
