import { describe, expect, test } from '@jest/globals';
import { Controller, Injectable, Module } from '@nestjs/common';
import { EventxConsumer, type EventxEvent, OnEventx } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { DATABASES } from '../../support/data-sources.js';

const START = { startFrom: 'earliest' } as const;
const calls: string[] = [];
const called = (where: string, { type, seq }: EventxEvent) =>
  void calls.push(`${where} ${type}${seq}`);

@Injectable()
class Mailer {
  private readonly me = 'Mailer';

  @OnEventx('placed', { consumer: 'shop', ...START })
  placed(event: EventxEvent) {
    called(`${this.me}.placed`, event);
  }

  @OnEventx(['paid', 'placed'], { consumer: 'shop' })
  both(event: EventxEvent) {
    called('Mailer.both', event);
  }
}

@Controller()
class ShopController {
  @OnEventx('paid', { consumer: 'shop' })
  paid(event: EventxEvent) {
    called('ShopController.paid', event);
  }
}

@EventxConsumer('audit', START)
@Injectable()
class Audit {
  @OnEventx('*')
  all(event: EventxEvent) {
    called('Audit.all', event);
  }

  @OnEventx('paid')
  @OnEventx('sent', { consumer: 'other', ...START })
  several(event: EventxEvent) {
    called('Audit.several', event);
  }
}

class Base {
  @OnEventx('sent', { consumer: 'inherited', ...START })
  sent(event: EventxEvent) {
    called(this.constructor.name, event);
  }
}

@Injectable()
class Derived extends Base {}

@Module({
  controllers: [ShopController],
  providers: [
    Mailer,
    Audit,
    Derived,
    { provide: 'alias', useExisting: Mailer },
    { provide: 'odd', useValue: { constructor: 'not a class' } },
    { provide: 'bare', useValue: Object.create(null) as object },
  ],
})
class Shop {}

describe.each(DATABASES)('G5 consumers: decorated methods on %s', (database) => {
  const undo = cleanUpAfterEach();

  test('are found in providers and controllers, share consumers, and are called in order, each for its types', async () => {
    calls.length = 0;
    const app = await startConsumerAppOn(database, { imports: [Shop] });
    undo(() => app.close());

    await app.write('placed', 'paid', 'sent', 'unknown');
    const names = ['audit', 'inherited', 'other', 'shop'];
    for (const name of names) await app.finished(name);

    expect((await app.consumers.list()).map(({ name }) => name)).toEqual(names);
    const of = (...classes: string[]) =>
      calls.filter((call) => classes.some((name) => call.startsWith(name)));
    expect(of('Mailer', 'ShopController')).toEqual([
      'Mailer.placed placed1',
      'Mailer.both placed1',
      'Mailer.both paid2',
      'ShopController.paid paid2',
    ]);
    expect(of('Audit.all')).toEqual([
      'Audit.all placed1',
      'Audit.all paid2',
      'Audit.all sent3',
      'Audit.all unknown4',
    ]);
    expect(of('Audit.several')).toHaveLength(2);
    expect(of('Audit.several')).toEqual(
      expect.arrayContaining(['Audit.several paid2', 'Audit.several sent3']),
    );
    expect(of('Derived')).toEqual(['Derived sent3']);
  });
});
