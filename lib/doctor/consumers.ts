import type { ConsumerRecord } from '../storage/index.js';
import { selectRecords, toRecord } from '../typeorm/stores/consumer-records.js';
import { quote } from '../typeorm/tables.js';
import type { Check, Examination } from './examination.js';
import type { DoctorCheck, Finding, FindingSeverity } from './finding.js';
import type { DoctorLimits } from './limits.js';
import { readExtent } from './state.js';

/** Every consumer stands at a place that the log has, and somebody runs it. */
export const consumers: Check = {
  name: 'consumers',

  async examine(examination) {
    const { target, consumers } = examination.log;
    const records = async () => {
      const { sql, parameters } = selectRecords(consumers, target.dialect);
      return (await examination.rows(sql, parameters)).map((row) => toRecord(row, consumers));
    };
    const extent = () => examination.connected((connection) => readExtent(connection, target));
    // In this order: the begin of the log, the consumers and the end of the log move on meanwhile, and none may seem to overtake
    // another.
    const before = await extent();
    const standing = await records();
    const { lastSeq } = await extent();
    if (before.lastSeq === null || lastSeq === null) return [];
    const firstSeq = before.minSeq ?? before.lastSeq + 1;
    const others = await ofAnotherLog(examination);
    const { now } = await examination.row(`SELECT ${target.dialect.nowMs} AS \`now\``);
    return standing.flatMap((record) => [
      ...position(record, firstSeq, lastSeq, others),
      ...progress(record, examination.limits, Number(now)),
    ]);
  },
};

/** Whether the consumer can go on from where it is. */
function position(
  { consumer, offset: seq }: ConsumerRecord,
  firstSeq: number,
  lastSeq: number,
  others: ReadonlySet<string>,
): Finding[] {
  const call = `consumers.seek('${consumer}', `;
  if (seq > lastSeq) {
    return one(
      'consumer-ahead',
      'error',
      `Consumer "${consumer}" has handled event ${seq}, but the log ends at ${lastSeq}: it was restored from a backup, or a failover ` +
        'lost commits. What it did for the lost events is done; the next events will have their numbers (G8).',
      `Decide what the lost events mean, then ${call}'latest') and consumers.resume('${consumer}')`,
    );
  }
  if (others.has(consumer)) {
    return one(
      'consumer-of-other-log',
      'error',
      `Consumer "${consumer}" has handled event ${seq}, but event ${seq} of the log is another one now: the log was restored from a ` +
        'backup and has gone on, or was replaced (G8).',
      `Decide what the lost events mean, then ${call}<the first it has not handled>) and consumers.resume('${consumer}')`,
    );
  }
  if (seq + 1 < firstSeq && seq < lastSeq) {
    return one(
      'consumer-behind',
      'error',
      `Consumer "${consumer}" has yet to handle event ${seq + 1}, but the log begins at ${firstSeq}: the events between were deleted, ` +
        'by hand or by retention with "ignoreConsumers" (G7).',
      `Restore them; or give them up: ${call}'earliest') and consumers.resume('${consumer}')`,
    );
  }
  return [];
}

/** Whether it does go on. */
/** @param now the clock of the database, in ms since 1970 */
function progress(record: ConsumerRecord, limits: DoctorLimits, now: number): Finding[] {
  const { consumer, lastError, lagEvents, lagMs } = record;
  if (record.halted) {
    return one(
      'consumer-halted',
      'error',
      `Consumer "${consumer}" was halted by its failure policy, ${lagEvents} events behind. Its last error: ` +
        `${lastError ?? 'none was noted'}`,
      `Mend the cause, then consumers.resume('${consumer}')`,
    );
  }
  if (record.owner !== null) return troubles(record, limits, now);
  const isLate = lagEvents > 0 && (lagMs ?? Infinity) > limits.waitingConsumer;
  if (record.paused || !isLate) return [];
  return one(
    'consumer-waiting',
    'warning',
    `No process runs consumer "${consumer}", which is ${lagEvents} events` +
      `${lagMs === null ? '' : ` and ${Math.round(lagMs / 1000)} s`} behind. Retention keeps everything for it.`,
    `Start a process that declares it, with the role 'consume'; or, if it is not needed any more, consumers.remove('${consumer}')`,
  );
}

/** Of a consumer that somebody runs. */
function troubles(record: ConsumerRecord, limits: DoctorLimits, now: number): Finding[] {
  const { consumer, owner, lastError, lagEvents, lagMs, failingSince, stuck } = record;
  const findings: Finding[] = [];
  if (stuck) {
    findings.push(
      ...one(
        'handler-stuck',
        'error',
        `A handler of consumer "${consumer}" has been at one call since ${stuck.since.toISOString()}, in process ${owner}: ${stuck.at}. ` +
          `${lagEvents} events wait behind it.`,
        'See what it waits for; give the consumer a "timeout", and what it calls one of its own; a restart of the process frees it',
      ),
    );
  }
  if (failingSince && now - failingSince.getTime() >= limits.failingConsumer) {
    findings.push(
      ...one(
        'consumer-failing',
        'error',
        `Consumer "${consumer}" has failed since ${failingSince.toISOString()}, one attempt after the other, in process ${owner}, and ` +
          `${lagEvents} events wait. Its last error: ${lastError ?? 'none was noted'}`,
        `Mend the cause; or let events that cannot be handled go: afterRetries: 'park' with retry: { attempts }`,
      ),
    );
  }
  if (findings.length === 0 && lagEvents > 0 && (lagMs ?? 0) > limits.lag) {
    findings.push(
      ...one(
        'consumer-lagging',
        'warning',
        `Consumer "${consumer}" is ${lagEvents} events and ${Math.round((lagMs ?? 0) / 1000)} s behind: its handlers take longer than ` +
          'events come, or it has just begun far back.',
        'Make the handlers quicker, handle several events at once (batch: true), or those of different keys side by side (concurrency)',
      ),
    );
  }
  return findings;
}

/** Consumers whose last event is not the one that the log has there. */
async function ofAnotherLog(examination: Examination): Promise<ReadonlySet<string>> {
  const { target, mapping } = examination.log;
  const { log, sql, seqColumn } = target;
  if (!mapping.columns.includes('uuid')) return new Set();
  const rows = await examination.rows(
    `SELECT o.\`consumer\` AS \`consumer\` FROM ${sql.offsets} o ` +
      `JOIN ${sql.events} e ON e.${quote(seqColumn)} = o.\`seq\` ` +
      'WHERE o.`log` = ? AND e.`uuid` <> o.`uuid`',
    [log],
  );
  return new Set(rows.map(({ consumer }) => String(consumer)));
}

/** Events that wait for somebody to decide about them. */
export const deadLetters: Check = {
  name: 'dead-letters',

  async examine(examination) {
    const { tables, log, sql } = examination.log.target;
    const rows = await examination.rows(
      `SELECT \`consumer\`, COUNT(*) AS \`count\` FROM ${sql.deadLetters} ` +
        'WHERE `log` = ? GROUP BY `consumer` ORDER BY `consumer`',
      [log],
    );
    return rows.flatMap(({ consumer, count }) =>
      one(
        'dead-letters',
        'info',
        `${Number(count)} events that consumer "${String(consumer)}" could not handle are parked in "${tables.deadLetters}".`,
        `deadLetters.list({ consumer: '${String(consumer)}' }) shows why; then deadLetters.replay(…) or deadLetters.discard(…)`,
      ),
    );
  },
};

function one(
  check: DoctorCheck,
  severity: FindingSeverity,
  message: string,
  fix: string,
): Finding[] {
  return [{ check, severity, message, fix }];
}
