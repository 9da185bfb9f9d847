/** Rests are so many times as long as the round before, at most: then the sequencer is at work a quarter of the time. */
const SHARE = 3;
/** So many events more in a round, and the rest grows by the length of that round. */
const CROWD = 32;
/** In ms; what a rest may add to the latency of an event, when the server is so busy that a round takes long. */
const LONGEST = 20;

/**
 * How long to let events gather after a round that found fewer than it asked for, in ms. A round costs the server as much whether
 * it numbers one event or fifty, and whatever it costs is taken from the producers.
 *
 * A lone event is followed by no rest, and a few by next to none, so nothing is slower while events come one by one. When dozens
 * come while a round lasts, each round finds more than the one before and the rests grow to their full length. At which rate that is
 * depends on the server alone: on a quick one it is high, and the rests are short.
 *
 * @param took ms the round took
 * @param count events it numbered
 */
export function restAfter(took: number, count: number): number {
  return Math.min(LONGEST, took * Math.min(SHARE, Math.max(0, count - 1) / CROWD));
}
