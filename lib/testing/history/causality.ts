import type { History, WriterTransaction } from './history.js';

/** G3: the order of the log agrees with real time, with the order within a transaction, and with that of row locks. */
export function* causality(history: History): Iterable<string> {
  const seqs = new Map(history.log.map(({ seq, uuid }) => [uuid, seq]));
  const placed = history.transactions
    .map((transaction) => ({ ...transaction, seqs: seqsOf(transaction, seqs) }))
    .filter((transaction) => transaction.seqs.length > 0);
  yield* withinTransactions(placed);
  yield* realTime(placed);
  yield* rowLocks(history);
}

type Placed = WriterTransaction & { readonly seqs: readonly number[] };

function seqsOf({ uuids }: WriterTransaction, seqs: ReadonlyMap<string, number | null>): number[] {
  return uuids.map((uuid) => seqs.get(uuid) ?? null).filter((seq) => seq !== null);
}

function* withinTransactions(transactions: readonly Placed[]) {
  for (const { writer, seqs } of transactions) {
    const index = seqs.findIndex((seq, at) => at > 0 && seq < seqs[at - 1]!);
    if (index > 0)
      yield `G3: ${writer} published event ${seqs[index]} after event ${seqs[index - 1]}`;
  }
}

/** What began after an acknowledged commit comes after it in the log. */
function* realTime(transactions: readonly Placed[]) {
  const acknowledged = transactions
    .filter(({ outcome, ended }) => outcome === 'committed' && ended !== null)
    .sort((a, b) => a.ended! - b.ended!);
  let next = 0;
  let last = { seq: 0, writer: '' };
  for (const { writer, begun, seqs } of transactions.toSorted((a, b) => a.begun - b.begun)) {
    for (; next < acknowledged.length && acknowledged[next]!.ended! <= begun; next++) {
      const seq = Math.max(...acknowledged[next]!.seqs);
      if (seq > last.seq) last = { seq, writer: acknowledged[next]!.writer };
    }
    const first = Math.min(...seqs);
    if (first < last.seq) {
      yield `G3: event ${first} of ${writer} began after event ${last.seq} of ${last.writer} was acknowledged`;
    }
  }
}

/** Who held the lock first comes first: replayed, the log gives each row its versions one by one. */
function* rowLocks({ log, versions }: History) {
  const reached = new Map<string, number>();
  for (const { seq, versions: made = {} } of log.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))) {
    for (const [row, version] of Object.entries(made)) {
      const before = reached.get(row) ?? 0;
      if (version !== before + 1) {
        yield `G3: event ${seq} has version ${version} of row ${row} where version ${before + 1} belongs`;
      }
      reached.set(row, version);
    }
  }
  for (const [row, version] of Object.entries(versions ?? {})) {
    const last = reached.get(row) ?? 0;
    if (last !== version) yield `G3: row ${row} is at version ${version}, in the log at ${last}`;
  }
}
