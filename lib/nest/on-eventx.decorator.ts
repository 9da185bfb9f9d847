import type { ConsumerOptions } from '../consumer/definition/consumer-options.js';
import { EventxOptionsError } from '../errors.js';
import { type Class, rememberDecorated } from './decorated-classes.js';

/** Stable, so that two copies of the library in one process understand each other. */
export const HANDLERS_METADATA = 'nestjs-eventx:handlers';
export const CONSUMER_METADATA = 'nestjs-eventx:consumer';

/** Which consumer a handler belongs to, and how that works. */
export interface OnEventxOptions extends ConsumerOptions {
  /** Name of the consumer. Methods that name the same one share its offset and its order. Required, unless the class says it. */
  readonly consumer?: string;
  /**
   * Whether every process handles every event, from its start on, with no stored offset: to push to its own web sockets, or to drop
   * its caches. Then `consumer` is optional.
   * @default false
   */
  readonly broadcast?: boolean;
  /** Name of the log, where the application has several. @default the unnamed one */
  readonly log?: string;
}

/** What one decorator said. */
export interface HandlerMetadata {
  readonly types: string | readonly string[];
  readonly options: OnEventxOptions;
}

/**
 * Makes a method of a provider or a controller a handler of events. It gets the event, or an array with `batch: true`, and a
 * `ConsumerContext`. A method may carry several.
 *
 * @param types one type, several, or `'*'`
 * @throws EventxOptionsError on what is no method of an instance
 *
 * @example
 * @OnEventx('order.placed', { consumer: 'mailer' })
 * async confirm(event: EventxEvent<OrderPlaced>) { … }
 */
export function OnEventx(
  types: string | readonly string[],
  options: OnEventxOptions = {},
): MethodDecorator {
  return (target, key, descriptor) => {
    const method = decoratedMethod(target, key, descriptor);
    rememberDecorated(target.constructor as Class, String(key));
    const before = (Reflect.getMetadata(HANDLERS_METADATA, method) ?? []) as HandlerMetadata[];
    // Decorators apply from the last to the first; handlers are called as they are read.
    Reflect.defineMetadata(HANDLERS_METADATA, [{ types, options }, ...before], method);
  };
}

/**
 * What all handlers of a class have in common, so that `@OnEventx` need not repeat it.
 *
 * @param consumer the name of the consumer
 * @throws EventxOptionsError without a name
 *
 * @example
 * @EventxConsumer('stock', { transactional: true })
 * @Injectable()
 * class StockReservation { @OnEventx('order.placed') reserve(event, { manager }) { … } }
 */
export function EventxConsumer(
  consumer: string,
  options: Omit<OnEventxOptions, 'consumer'> = {},
): ClassDecorator {
  if (typeof consumer !== 'string') {
    throw new EventxOptionsError(
      `@EventxConsumer needs the name of the consumer first: @EventxConsumer('stock', { transactional: true }).`,
    );
  }
  return (target) =>
    Reflect.defineMetadata(
      CONSUMER_METADATA,
      { ...options, consumer } satisfies OnEventxOptions,
      target,
    );
}

/** @throws EventxOptionsError */
function decoratedMethod(
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): object {
  if (typeof key === 'object') {
    // The decorators of the language, which get a method and its context.
    throw new EventxOptionsError(
      '@OnEventx is a decorator as Nest has them. Set "experimentalDecorators": true in tsconfig.json.',
    );
  }
  if (typeof target === 'function') {
    throw new EventxOptionsError(
      `@OnEventx on the static method ${target.name}.${String(key)}: handlers are methods of an instance, which Nest makes. ` +
        'Remove "static".',
    );
  }
  const method: unknown = descriptor?.value;
  if (typeof method === 'function') return method;
  throw new EventxOptionsError(
    `@OnEventx on ${target.constructor.name}.${String(key)}, which is no method. Make it one: ${String(key)}(event) { … }.`,
  );
}
