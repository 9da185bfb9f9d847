import { Injectable, Scope } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { EventxOptionsError } from '../errors.js';
import { orphanedHandlers } from './decorated-classes.js';
import {
  CONSUMER_METADATA,
  type HandlerMetadata,
  HANDLERS_METADATA,
  type OnEventxOptions,
} from './on-eventx.decorator.js';
import { EventxService } from '../event-log/eventx.service.js';
import { eventxToken } from './tokens.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (...args: unknown[]) => unknown;

/** One decorated method, ready to be called. */
export interface FoundHandler {
  /** `Class.method`, for messages. */
  readonly where: string;
  readonly types: string | readonly string[];
  /** Those of the decorator over those of the class. */
  readonly options: OnEventxOptions;
  readonly call: Method;
}

/** Finds the methods decorated with `@OnEventx` in all providers and controllers of the application. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws EventxOptionsError for a handler that Nest makes anew for each request or use */
  find(): FoundHandler[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    // The same instance may be provided under several tokens.
    const seen = new Set<unknown>();
    return wrappers.flatMap((wrapper) => {
      const instance = wrapper.instance as unknown;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) return [];
      seen.add(instance);
      return this.handlersOf(wrapper, instance);
    });
  }

  /** Handlers of this process that no module of the application provides, as `Class.method`; each is told once in a process. */
  orphans(): string[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return orphanedHandlers((type) =>
      wrappers.some(
        // By its name, too: a test may put something else in its place.
        ({ token, instance }) => token === type || (instance as unknown) instanceof type,
      ),
    );
  }

  private handlersOf(wrapper: Wrapper, instance: object): FoundHandler[] {
    const prototype = Object.getPrototypeOf(instance) as Record<string, Method> | null;
    if (!prototype) return [];
    const handlers = this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = prototype[name]!;
      const metadata = Reflect.getMetadata(HANDLERS_METADATA, method) as
        HandlerMetadata[] | undefined;
      if (!metadata) return [];
      const { constructor } = instance;
      const common = Reflect.getMetadata(CONSUMER_METADATA, constructor) as
        OnEventxOptions | undefined;
      const where = `${constructor.name}.${name}`;
      assertSingleton(wrapper, where);
      return metadata.map(({ types, options }) => ({
        where,
        types,
        options: this.checkLog(where, { ...common, ...options }),
        call: method.bind(instance),
      }));
    });
    if (handlers.length === 0) assertNoConsumer(instance);
    return handlers;
  }

  /** A handler of a log that is not there would never be called. */
  private checkLog(where: string, options: OnEventxOptions): OnEventxOptions {
    const token = eventxToken(EventxService, options.log);
    if (this.discovery.getProviders().some((provider) => provider.token === token)) return options;
    throw new EventxOptionsError(
      `@OnEventx on ${where} is for the log ${options.log === undefined ? 'without a name' : `"${options.log}"`}, but no ` +
        `EventxModule has that name. Say which log it is for: @OnEventx(…, { log: '…' }).`,
    );
  }
}

/** A consumer without a handler would do nothing, and nobody would know. */
function assertNoConsumer({ constructor }: object): void {
  if (typeof constructor !== 'function') return;
  const options = Reflect.getMetadata(CONSUMER_METADATA, constructor) as
    OnEventxOptions | undefined;
  if (!options) return;
  throw new EventxOptionsError(
    `@EventxConsumer on ${constructor.name}: the class has no method with @OnEventx, so that nothing would handle events for the ` +
      `consumer "${options.consumer}". Decorate one: @OnEventx('order.placed').`,
  );
}

function assertSingleton(wrapper: Wrapper, where: string): void {
  if (wrapper.isDependencyTreeStatic() && wrapper.scope !== Scope.TRANSIENT) return;
  throw new EventxOptionsError(
    `@OnEventx on ${where}: its class is request-scoped or transient (or depends on one that is), but events come without a ` +
      `request. Move the handler to a provider of the default scope.`,
  );
}
