/**
 * A deliberate bug, and the tests that must notice it.
 *
 * @typedef {object} Mutation
 * @property {string} name What it leaves out or gets wrong.
 * @property {string} file
 * @property {string} from What to replace; must occur exactly once in the file.
 * @property {string} to
 * @property {string[]} tests Patterns of test files, as jest takes them.
 */

const E2E_ORDER = 'test/e2e/(order|deliver)';
const FAULTS = 'test/faults/[a-z-]+.test';

/** @type {Mutation[]} */
export const MUTATIONS = [
  {
    name: 'events that have a number are numbered again (no "seq IS NULL")',
    file: 'lib/typeorm/numbering.ts',
    from: ' AND ${seq} IS NULL`,',
    to: '`,',
    tests: ['test/unit/numbering', FAULTS],
  },
  {
    name: 'the state row is moved whatever it says',
    file: 'lib/typeorm/numbering.ts',
    from: '`WHERE \\`name\\` = ? AND \\`epoch\\` = ? AND \\`last_seq\\` = ?`,\n    parameters: [log.lastSeq + count, names.events, log.epoch, log.lastSeq],',
    to: '`WHERE \\`name\\` = ?`,\n    parameters: [log.lastSeq + count, names.events],',
    tests: ['test/contract', FAULTS],
  },
  {
    name: 'a batch of which somebody took a part is committed',
    file: 'lib/typeorm/dialects/mariadb.ts',
    from: 'IF numbered = ? THEN COMMIT;',
    to: 'IF numbered <= ? THEN COMMIT;',
    tests: ['test/contract', FAULTS],
  },
  {
    name: 'events are fanned out whether or not they were committed',
    file: 'lib/typeorm/typeorm-event.storage.ts',
    from: "return done ? { outcome: 'assigned', events } : { outcome: 'conflict' };",
    to: "return done || events.length > 0 ? { outcome: 'assigned', events } : { outcome: 'conflict' };",
    tests: ['test/contract', FAULTS],
  },
  {
    name: 'after an error the log is believed to be where it was',
    file: 'lib/sequence/sequencer.ts',
    from: '    this.log = null;\n    const result',
    to: '    const result',
    tests: ['test/unit/sequencer', FAULTS],
  },
  {
    name: 'what others numbered is skipped, not read',
    file: 'lib/sequence/sequencer.ts',
    from: '      await this.catchUp(head, log);',
    to: '      this.window.reset(log.lastSeq, []);',
    tests: ['test/unit/sequencer', FAULTS],
  },
  {
    name: 'a log that was replaced is taken for the old one',
    file: 'lib/sequence/sequencer.ts',
    from: 'log.epoch !== this.epoch || log.lastSeq < head',
    to: 'log.lastSeq < head',
    tests: ['test/unit/sequencer', 'test/e2e/deliver-truncated'],
  },
  {
    name: 'the pending events are read in any order',
    file: 'lib/typeorm/typeorm-event.storage.ts',
    from: 'return pending.sort((a, b) => a.id - b.id);',
    to: 'return pending.sort((a, b) => b.id - a.id);',
    tests: ['test/contract', E2E_ORDER],
  },
  {
    name: 'events are written when they are published, not last',
    file: 'lib/typeorm/outbox/outbox.ts',
    from: 'if (transaction.written) await',
    to: 'if (this.openTransactions > 0) await',
    tests: ['test/e2e/publish'],
  },
  {
    name: 'events of a transaction that the server has ended are committed',
    file: 'lib/typeorm/outbox/outbox.ts',
    from: 'if (!endedBy) return;',
    to: 'if (!endedBy || endedBy) return;',
    tests: ['test/e2e/publish'],
  },
  {
    name: 'a savepoint that was rolled back leaves its events',
    file: 'lib/typeorm/outbox/outbox.ts',
    from: '?.frames.rollback(levelOf(queryRunner));',
    to: '?.frames.release(levelOf(queryRunner));',
    tests: ['test/e2e/publish'],
  },
  {
    name: 'a connection that failed goes back to the pool',
    file: 'lib/typeorm/connection.ts',
    from: 'if (failed) destroyConnection(dataSource, connection);\n    else await connection.release();',
    to: 'void failed;\n    await connection.release();',
    tests: [FAULTS, 'test/e2e/processes'],
  },
  {
    name: 'a hole in the log is stepped over',
    file: 'lib/subscribe/history.ts',
    from: 'return hole < 0 ? events : events.slice(0, hole);',
    to: 'return hole < -1 ? events.slice(0, hole) : events;',
    tests: ['test/unit/(history|subscriber)', E2E_ORDER],
  },
  {
    name: 'a subscriber moves on though its fetch was aborted',
    file: 'lib/subscribe/subscriber.ts',
    from: '      // Aborted at the last moment: nobody may take the batch any more.\n      signal?.throwIfAborted();\n      // Unless somebody moved it meanwhile: then the next fetch begins there.\n      if (advance && this.next === from) this.next = from + batch.length;',
    to: '      if (advance && this.next === from) this.next = from + batch.length;\n      signal?.throwIfAborted();',
    tests: ['test/unit/subscriber', 'test/e2e/deliver'],
  },
  {
    name: 'the offset is stored before the handler runs',
    file: 'lib/consume/deliver.ts',
    from: '  return async (events, attempt) => {\n    const { done, failure } = await handleEvents(run.consumer, events, {',
    to: '  return async (events, attempt) => {\n    await progress.advance(events);\n    const { done, failure } = await handleEvents(run.consumer, events, {',
    tests: ['test/e2e/consumers', 'test/faults/consumers'],
  },
  {
    name: 'the offset is not in the transaction of the handler',
    file: 'lib/consume/deliver.ts',
    from: 'lost = !(await progress.record(unit, events.slice(0, handled.done)));\n        return !lost;\n      }, breakOff.signal);',
    to: 'return true;\n      }, breakOff.signal);\n      if (handled.done > 0) await progress.advance(events.slice(0, handled.done));',
    tests: ['test/e2e/consumers', 'test/faults/consumers'],
  },
  {
    name: 'an offset is moved under any epoch',
    file: 'lib/typeorm/consumers/offset-statements.ts',
    from: ' AND \\`owner\\` = ? AND \\`epoch\\` = ?`,\n    parameters: [seq, uuid, names.events, lease.consumer, lease.owner, lease.epoch],',
    to: '`,\n    parameters: [seq, uuid, names.events, lease.consumer],',
    tests: ['test/e2e/consumers/(leases|store)', 'test/faults/consumers'],
  },
  {
    name: 'a lease does not raise the epoch',
    file: 'lib/typeorm/consumers/consumer.store.ts',
    from: '`UPDATE ${this.offsets} SET \\`owner\\` = ?, \\`epoch\\` = \\`epoch\\` + 1,',
    to: '`UPDATE ${this.offsets} SET \\`owner\\` = ?, \\`epoch\\` = \\`epoch\\` + 0,',
    tests: ['test/e2e/consumers/(leases|store|seek)'],
  },
  {
    name: 'a consumer is taken while somebody else has it',
    file: 'lib/typeorm/consumers/consumer.store.ts',
    from: '(\\`owner\\` = ? OR \\`lease_until\\` <= ${nowMs} OR',
    to: '(\\`owner\\` = ? OR \\`lease_until\\` <= ${nowMs} + 1e9 OR',
    tests: ['test/e2e/consumers/(leases|store)', 'test/e2e/processes/spread'],
  },
  {
    name: 'lanes store the furthest event, not the one up to which all are done',
    file: 'lib/consume/lanes.ts',
    from: 'while (count < this.window.length && this.done.has(this.window[count]!.seq)) count++;',
    to: 'this.window.forEach(({ seq }, index) => this.done.has(seq) && (count = index + 1));',
    tests: ['test/unit/consume/lanes', 'test/e2e/consumers/lanes'],
  },
  {
    name: 'events of one key take any lane',
    file: 'lib/consume/lanes.ts',
    from: 'if (key === null) return event.seq % lanes;',
    to: 'if (key === null || lanes > 1) return event.seq % lanes;',
    tests: ['test/unit/consume/lanes', 'test/e2e/consumers/lanes'],
  },
  {
    name: 'later events of a parked key are handled',
    file: 'lib/consume/in-order.ts',
    from: "if (verdict.action === 'park-key' && key !== null) this.blocked.add(key);",
    to: '',
    tests: ['test/e2e/consumers/(park|replay)'],
  },
  {
    name: 'an event is parked outside of the transaction that moves the offset',
    file: 'lib/consume/in-order.ts',
    from: "      await unit.park(lease, [{ event, reason: 'failed', attempts, failures }]);\n      return this.progress.recordParked(unit, event);",
    to: '      return this.progress.recordParked(unit, event);',
    tests: ['test/e2e/consumers/(park|replay)'],
  },
  {
    name: 'a handler that was broken off may still commit',
    file: 'lib/typeorm/breakable-transaction.ts',
    from: "    if (outcome === 'aborted') {\n      destroyConnection(dataSource, connection);\n      return false;\n    }",
    to: "    if (outcome === 'aborted') return false;",
    tests: ['test/e2e/consumers/(timeouts|store|leases)'],
  },
  {
    name: 'retention deletes what a consumer has not handled',
    file: 'lib/retention/cut-off.ts',
    from: 'facts.ignoreConsumers || behind.length === 0 ? wanted : lowest',
    to: 'facts.ignoreConsumers || lowest > 0 ? wanted : lowest',
    tests: ['test/unit/retention', 'test/e2e/consumers/retention'],
  },
  {
    name: 'retention looks at the offsets while a consumer may be on its way to them',
    file: 'lib/typeorm/delete-events.ts',
    from: 'lockFirst(connection, dialect, table, dialect.forUpdate)',
    to: "lockFirst(connection, dialect, table, '')",
    tests: ['test/e2e/consumers/retention-races'],
  },
  {
    name: 'retention believes what it saw of the offsets before it deletes',
    file: 'lib/typeorm/delete-events.ts',
    from: 'ignoreConsumers || needed === null ? before',
    to: 'ignoreConsumers || needed !== 0 ? before',
    tests: ['test/e2e/consumers/retention-races', 'test/contract'],
  },
  {
    name: 'a consumer does not look whether the log is still the same',
    file: 'lib/consume/truncation.ts',
    from: 'if (highest > lastSeq)',
    to: 'if (highest > lastSeq + 1e9)',
    tests: ['test/e2e/consumers/truncation'],
  },
  {
    name: 'a browser that comes back gets its last event again',
    file: 'lib/nest/stream.controller.ts',
    from: "if (lastEventId) return whole('Last-Event-ID', lastEventId) + 1;",
    to: "if (lastEventId) return whole('Last-Event-ID', lastEventId);",
    tests: ['test/e2e/processes/server-sent'],
  },
  {
    name: 'any secret opens the signal endpoint',
    file: 'lib/signal/secret.ts',
    from: ' && timingSafeEqual(digest(given), digest(expected));',
    to: ' && digest(given).length === digest(expected).length;',
    tests: ['test/unit/secret', 'test/e2e/processes/http-signal'],
  },
];
