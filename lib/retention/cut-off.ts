/** How far a consumer has come. */
export interface ConsumerOffset {
  readonly consumer: string;
  /** The last event it is done with. */
  readonly offset: number;
}

/** What the cut-off depends on. */
export interface LogFacts {
  readonly lastSeq: number;
  readonly maxTotalEvents: number;
  /** The first event that is young enough to keep; null where age does not count. */
  readonly firstYoungSeq: number | null;
  readonly offsets: readonly ConsumerOffset[];
  readonly ignoreConsumers: boolean;
}

export interface CutOff {
  /** Events with a smaller seq are to be deleted. */
  readonly before: number;
  /** The consumers for whom events are kept that would go otherwise, or, when they are ignored, those that lose some. */
  readonly behind: readonly string[];
}

/** What retention may delete: what is too many or too old, but nothing that a consumer has yet to handle. */
export function cutOff(facts: LogFacts): CutOff {
  const wanted = Math.max(facts.lastSeq - facts.maxTotalEvents + 1, facts.firstYoungSeq ?? 1, 1);
  const behind = facts.offsets.filter(({ offset }) => offset + 1 < wanted);
  const lowest = Math.min(...behind.map(({ offset }) => offset + 1));
  return {
    before: facts.ignoreConsumers || behind.length === 0 ? wanted : lowest,
    behind: behind.map(({ consumer }) => consumer),
  };
}
