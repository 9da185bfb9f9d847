import { Injectable } from '@nestjs/common';
import { describe, expect, test } from '@jest/globals';
import { EventxConsumers, type EventxEvent, OnEventx } from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

describe.each(DATABASES)('broadcast handlers on %s', (database) => {
  const later = cleanUpAfterEach();

  /** A replica that pushes every event to its own web sockets, so to speak. */
  async function replica(connection: DataSourceOptions) {
    const pushed: number[] = [];

    @Injectable()
    class Sockets {
      @OnEventx('*', { broadcast: true })
      push({ seq }: EventxEvent): void {
        pushed.push(seq);
      }
    }

    const log = await startApp(connection, {
      options: { pollInterval: 10 },
      imports: [{ module: class SocketsModule {}, providers: [Sockets] }],
    });
    const consumers = log.app.get(EventxConsumers);
    await until(async () => (await consumers.list())[0]?.state === 'running', {
      what: 'the handler to run',
    });
    return { log, pushed, consumers };
  }

  test('run on every replica, for every event from its start on, with nothing stored', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const anna = await replica(options);
    later(() => anna.log.close());
    await anna.log.publish('a', 'b', 'c');
    await until(() => anna.pushed.length >= 3, { what: 'three on the first' });

    const ben = await replica(options);
    for (let round = 0; round < 10; round++) {
      await (round % 2 ? anna : ben).log.publish('d', 'e');
    }
    await until(() => anna.pushed.length >= 23 && ben.pushed.length >= 20, { what: 'all on both' });
    expect(anna.pushed).toEqual(range(1, 23));
    expect(ben.pushed).toEqual(range(4, 23));
    expect(await anna.log.dataSource.query('SELECT * FROM eventx_offsets')).toEqual([]);

    await ben.log.close();
    await anna.log.publish('while it is down');
    const again = await replica(options);
    later(() => again.log.close());
    await anna.log.publish('f');
    await until(() => again.pushed.length > 0, { what: 'the next event' });
    expect(again.pushed).toEqual([25]);
  });
});
