// What the code in the documentation may use without saying where it comes from: `<!-- given: eventx, manager -->` before a block.
import type {
  EventxConsumers,
  EventxDeadLetters,
  EventxDoctor,
  EventxEvent,
  EventxRetentionJob,
  EventxService,
} from 'nestjs-eventx';
import type { CanActivate, Type } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DataSource, EntityManager } from 'typeorm';

export * from 'nestjs-eventx';
export { Module } from '@nestjs/common';
export { DataSource } from 'typeorm';

export declare const eventx: EventxService;
export declare const consumers: EventxConsumers;
export declare const deadLetters: EventxDeadLetters;
export declare const doctor: EventxDoctor;
export declare const retention: EventxRetentionJob;
export declare const dataSource: DataSource;
export declare const manager: EntityManager;

/** A validator, such as zod. */
export declare const z: {
  object(shape: Readonly<Record<string, unknown>>): StandardSchemaV1;
  string(): unknown;
  number(): unknown;
};

/** What comes from the application's own code. */
export declare class Stock {
  sku: string;
  available: number;
}
export declare class Confirmations {
  confirm(event: EventxEvent): void;
}
export declare const secret: string;
export declare const abortSignal: AbortSignal;
export declare const ServiceGuard: Type<CanActivate>;
export declare function handle(event: EventxEvent): Promise<void>;
export declare function handleAll(events: EventxEvent[]): Promise<void>;
export declare function send(what: unknown): Promise<void>;
