import { describe, expect, test } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { type EventxEvent, OnEventx } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { until } from '../../support/until.js';

const attempts = new Attempts();

@Injectable()
class Handlers {
  @OnEventx('*', {
    consumer: 'c',
    startFrom: 'earliest',
    retry: { attempts: 1 },
    afterRetries: 'park',
  })
  handle({ seq }: EventxEvent) {
    attempts.call(seq);
  }
}

@Module({ providers: [Handlers] })
class Feature {}

describe.each(DATABASES)('a process with run: false on %s', (database) => {
  const undo = cleanUpAfterEach();

  test('runs no consumer, decorated or not, but can operate them and replay', async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const idle = await startConsumerApp(options, { imports: [Feature], options: { run: false } });
    undo(() => idle.close());
    const own: number[] = [];
    idle.consume({ name: 'own', handle: ({ seq }) => void own.push(seq) });

    attempts.calls.length = 0;
    attempts.fail(1);
    const running = await startConsumerApp(options, { imports: [Feature] });
    await running.fill(2);
    await running.finished('c');
    expect((await running.consumers.list()).map(({ name }) => name)).toEqual(['c']);
    expect(own).toEqual([]);
    await running.close();

    attempts.mend();
    expect(await idle.letters.replay({ consumer: 'c' })).toMatchObject({ replayed: 1 });
    expect(attempts.calls).toEqual([1, 2, 1]);
    await idle.consumers.seek('c', 'earliest');
    await until(async () => (await idle.consumers.get('c')).offset === 0, { what: 'the seek' });
    expect(await idle.consumers.get('c')).toMatchObject({ state: 'waiting', owner: null });
    expect(attempts.calls).toHaveLength(3);
  });
});
