import { expect, test } from '@jest/globals';
import { Injectable, Module, type Provider, Scope, type Type } from '@nestjs/common';
import { EventxConsumer, EventxOptionsError, OnEventx, type OnEventxOptions } from 'nestjs-eventx';

import { startAppOn } from '../../support/app.js';

/** A class with one handler. */
function handlerOf(types: string | readonly string[], options: unknown): Type {
  class Handler {
    @OnEventx(types, options as OnEventxOptions)
    handle() {}
  }
  return Handler;
}

async function startWith(...providers: Provider[]): Promise<unknown> {
  @Module({ providers })
  class Feature {}

  const app = await startAppOn('sqlite', { imports: [Feature] });
  return app.close();
}

async function expectRefusal(message: RegExp, ...providers: Provider[]): Promise<void> {
  const error: unknown = await startWith(...providers).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(EventxOptionsError);
  expect((error as Error).message).toMatch(message);
}

test('a handler of a request-scoped, a transient, or a transitively request-scoped class', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {
    @OnEventx('a', { consumer: 'c' })
    handle() {}
  }
  @Injectable({ scope: Scope.TRANSIENT })
  class PerUse {
    @OnEventx('a', { consumer: 'c' })
    handle() {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class Tenant {}
  @Injectable()
  class Dependent {
    constructor(readonly tenant: Tenant) {}

    @OnEventx('a', { consumer: 'c' })
    handle() {}
  }
  await expectRefusal(/PerRequest\.handle.*default scope/, PerRequest);
  await expectRefusal(/PerUse\.handle.*default scope/, PerUse);
  await expectRefusal(/Dependent\.handle.*default scope/, Tenant, Dependent);
});

test('a handler without a consumer', async () => {
  await expectRefusal(/Handler\.handle names no consumer.*@EventxConsumer/, handlerOf('a', {}));
});

test.each(['', 'with space', 'ü', 'x'.repeat(129), 7])('a consumer named %j', async (consumer) => {
  await expectRefusal(/needs a name of 1 to 128 letters/, handlerOf('a', { consumer }));
});

test.each([[''], [[]], [['a', '']], [[7]], [undefined]])('the types %j', async (types) => {
  await expectRefusal(/needs an event type/, handlerOf(types as never, { consumer: 'c' }));
});

test('handlers that disagree about their consumer', async () => {
  await expectRefusal(
    /Handler\.handle and Handler\.handle say different things about "fetchLimit"/,
    handlerOf('a', { consumer: 'c', fetchLimit: 5 }),
    { provide: 'other', useClass: handlerOf('b', { consumer: 'c', fetchLimit: 6 }) },
  );
});

test('a method that takes a type twice for one consumer', async () => {
  class Twice {
    @OnEventx('a', { consumer: 'c' })
    @OnEventx(['b', 'a'], { consumer: 'c' })
    handle() {}
  }
  class Everything {
    @OnEventx('a', { consumer: 'c' })
    @OnEventx('*', { consumer: 'c' })
    handle() {}
  }
  await expectRefusal(/Twice\.handle takes "a" twice/, Twice);
  await expectRefusal(/Everything\.handle takes "(a|\*)" twice/, Everything);
});

test('a class that two modules provide, each an instance of its own', async () => {
  const Handler = handlerOf('a', { consumer: 'c' });
  await expectRefusal(/export it/, Handler, { provide: 'second', useClass: Handler });
});

test('a handler of a log that is not there', async () => {
  await expectRefusal(
    /for the log "audit", but no EventxModule/,
    handlerOf('a', { consumer: 'c', log: 'audit' }),
  );
});

test.each([
  ['fetchlimit', { fetchlimit: 5 }, /unknown option "fetchlimit".*Known options/],
  ['fetchLimit', { fetchLimit: 0 }, /"fetchLimit" must be a whole number/],
  ['timeout', { timeout: 2 ** 31 }, /"timeout" must be a whole number from 0 to/],
  ['concurrency', { concurrency: 0 }, /"concurrency" must be/],
  ['batch', { concurrency: 2, batch: true }, /"batch" and "concurrency" exclude each other/],
  ['startFrom', { startFrom: 0 }, /"startFrom" must be/],
  ['startFrom', { startFrom: 'yesterday' }, /"startFrom" must be/],
  ['startFrom', { startFrom: new Date('nonsense') }, /"startFrom" must be/],
  [
    'afterRetries',
    { afterRetries: 'skip' },
    /"afterRetries" must be 'halt' or 'park' or 'park-key'/,
  ],
  ['onLost', { onLost: 'ignore' }, /"onLost" must be/],
  ['retry', { retry: { attempts: 0 } }, /"retry.attempts" must be/],
  ['retry', { retry: { tries: 3 } }, /retry: unknown option "tries"/],
  ['backoff', { retry: { backoff: { initial: 9, max: 3 } } }, /"retry.backoff.max"/],
])('the option %s as %j', async (_name, options, message) => {
  await expectRefusal(message, handlerOf('a', { consumer: 'c', ...options }));
});

test('the options of the class are checked as well', async () => {
  @EventxConsumer('c', { sizelimit: 4 } as never)
  class Handler {
    @OnEventx('a')
    handle() {}
  }
  await expectRefusal(/unknown option "sizelimit"/, Handler);
});

test('the same name for a consumer in code and a decorated one', async () => {
  const app = await startAppOn('sqlite');
  app.eventx.consumer({ name: 'twice', handle: () => undefined });
  expect(() => app.eventx.consumer({ name: 'twice', handle: () => undefined })).toThrow(
    /There is a consumer "twice" already/,
  );
  expect(() => app.eventx.consumer({ name: 'idle' })).toThrow(/"idle" has no handler/);
  expect(() => app.eventx.consumer({ name: 'typo', types: [], handle: () => undefined })).toThrow(
    /needs an event type/,
  );
  expect(() => app.eventx.consumer({ name: 'typo', handle: 'oops' as never })).toThrow(
    /is no function/,
  );
  await app.close();
});
