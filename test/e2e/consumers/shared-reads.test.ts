import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { countStatements } from '../../support/consumers/statements.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';

const COUNT = 2000;
const READS = /SELECT .* FROM .*`eventx_events`.* WHERE `seq` >= \? ORDER BY `seq` LIMIT/;

describe.each(DATABASES)('ten consumers of one log on %s', (database) => {
  const undo = cleanUpAfterEach();

  test('read the table once, not ten times, and near the head not at all', async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const writer = await startConsumerApp(options);
    await writer.fill(COUNT);
    await writer.close();

    const app = await startConsumerApp(options, { options: { windowSize: 64, initialWindow: 0 } });
    undo(() => app.close());
    await app.reached(COUNT);
    const counts = new Map<string, number>();
    const names = range(1, 10).map((n) => `consumer-${n}`);
    const consume = (name: string) =>
      app.consume({
        name,
        handle: () => void counts.set(name, (counts.get(name) ?? 0) + 1),
      });

    const statements = countStatements(app.dataSource);
    undo(() => statements.stop());
    // How often one reads the table.
    consume('alone');
    await app.finished('alone');
    const alone = statements.take(READS);
    expect(alone).toBeGreaterThanOrEqual(2);

    names.forEach(consume);
    for (const name of names) await app.finished(name);
    // Each looks at the log's beginning once, to begin there.
    expect(statements.take(READS) - names.length).toBeLessThan(alone * 3);

    await app.write('near', 'the', 'head');
    for (const name of names) await app.passed(name, COUNT + 3);
    expect(statements.take(READS)).toBe(0);
    expect([...counts.values()]).toEqual(Array(11).fill(COUNT + 3));
  });
});
