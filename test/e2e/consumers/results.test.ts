import { describe, expect, test } from '@jest/globals';
import { Observable, of, throwError } from 'rxjs';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES } from '../../support/data-sources.js';

describe.each(DATABASES)('G5 consumers: what a handler answers on %s', (database) => {
  const undo = cleanUpAfterEach();

  test('a value, a promise, an Observable or a promise of one; an event is done when that is', async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    const log: string[] = [];
    const slow = (name: string) =>
      new Observable((observer) => {
        const timer = setImmediate(() => {
          log.push(`${name} ends`);
          observer.complete();
        });
        return () => clearImmediate(timer);
      });
    const answers: Record<string, () => unknown> = {
      value: () => 42,
      nothing: () => undefined,
      promise: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        log.push('promise ends');
      },
      observable: () => slow('observable'),
      empty: () => of(),
      both: () => Promise.resolve(slow('both')),
      last: () => undefined,
    };
    app.consume({
      name: 'c',
      handle: ({ type }) => {
        log.push(type);
        return answers[type]!();
      },
    });

    await app.write(...Object.keys(answers));
    await app.finished('c');

    expect(log).toEqual([
      'value',
      'nothing',
      'promise',
      'promise ends',
      'observable',
      'observable ends',
      'empty',
      'both',
      'both ends',
      'last',
    ]);
  });

  test('one that throws, rejects or answers with an Observable that fails has failed', async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    const answers: Record<string, () => unknown> = {
      throws: () => {
        throw new Error('thrown');
      },
      rejects: () => Promise.reject(new Error('rejected')),
      errors: () => throwError(() => new Error('errored')),
      text: () => throwError(() => 'no error at all'),
    };
    app.consume({
      name: 'c',
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: ({ type }) => answers[type]!(),
    });

    await app.write(...Object.keys(answers));
    await app.finished('c');

    const errors = (await app.letters.list()).map(({ failures }) => failures[0]!.error);
    expect(errors).toEqual(['thrown', 'rejected', 'errored', 'no error at all']);
  });

  test('an Observable is unsubscribed when its time is over', async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    const gate = new Gate();
    app.consume({
      name: 'c',
      timeout: 1,
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: () => new Observable(() => () => void gate.pass()),
    });
    await app.write('a');
    await app.finished('c');
    await gate.arrived();
  });
});
