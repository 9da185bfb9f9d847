import { inspect } from 'node:util';

import { expect, test } from '@jest/globals';
import { type ConsumerContext, EventxUsageError } from 'nestjs-eventx';
import { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';

const undo = cleanUpAfterEach();

test('G5 consumers: a handler gets the event and a context that says who, which attempt, until when and through what', async () => {
  const app = await startConsumerAppOn('sqlite');
  undo(() => app.close());
  const contexts: ConsumerContext[] = [];
  const handle = (_event: unknown, context: ConsumerContext) => {
    contexts.push(context);
    if (context.attempt < 3) throw new Error('not yet');
  };
  app.consume({ name: 'plain', handle });
  app.consume({ name: 'together', transactional: true, handle });
  await app.write({ type: 'a', data: { total: 3 } });
  await app.finished('plain');
  await app.finished('together');

  for (const name of ['plain', 'together']) {
    const seen = contexts.filter(({ consumer }) => consumer === name);
    expect(seen.map(({ attempt, id }) => [attempt, id])).toEqual(
      [1, 2, 3].map((attempt) => [attempt, `${name}@1#${attempt}`]),
    );
    expect(seen.every(({ signal }) => signal instanceof AbortSignal && !signal.aborted)).toBe(true);
  }
  for (const context of contexts.filter(({ consumer }) => consumer === 'together')) {
    expect(context.manager).toBeInstanceOf(EntityManager);
  }
  const [plain] = contexts.filter(({ consumer }) => consumer === 'plain');
  expect(() => plain!.manager).toThrow(EventxUsageError);
  expect(() => plain!.manager).toThrow(/Consumer "plain".*transactional: true/);
  // A handler may hand it on, log it or store it.
  expect({ ...plain }).toMatchObject({ consumer: 'plain', id: 'plain@1#1' });
  expect(Object.keys({ ...plain })).not.toContain('manager');
  expect(inspect(plain)).toContain('plain@1#1');
  expect(JSON.stringify(plain)).toContain('plain@1#1');
});
