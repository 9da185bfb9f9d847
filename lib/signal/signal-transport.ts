/**
 * Carries the hint "there may be new events" to the processes that sequence. A hint that is lost, doubled or forged changes
 * nothing but latency, so a transport need not be reliable; the poll is.
 */
export interface SignalTransport {
  /** Sends one hint. May reject; it is reported, and nothing else happens. */
  send(): Promise<unknown> | void;
  /** Called when the application shuts down. */
  close?(): Promise<unknown> | void;
}
