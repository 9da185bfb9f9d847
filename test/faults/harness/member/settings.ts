import type { Sighting, WriterTransaction } from 'nestjs-eventx/testing';

import type { Call } from '../overlaps.js';

/** How to run a member: one of the processes of an application. Plain data, for a process of its own. */
export interface MemberSettings {
  readonly name: string;
  readonly url: string;
  /** Writers of the bank. */
  readonly writers: number;
  readonly seed: number;
  /** Subscribers: where each begins, and how far it stays behind. */
  readonly followers: readonly {
    readonly name: string;
    readonly from: number;
    readonly lag: number;
  }[];
  /** Whether its handlers have got over what they failed at. */
  readonly repaired: boolean;
}

/** A writer's transaction: told before it ends, and again when its end is known. */
export interface Attempt extends WriterTransaction {
  readonly outcome: WriterTransaction['outcome'];
}

/** A line of a member's standard output. */
export interface Report {
  readonly ready?: true;
  readonly wrote?: Attempt;
  readonly saw?: { readonly name: string; readonly events: readonly Sighting[] };
  /** A handler without a transaction has ended. */
  readonly called?: Call;
  /** A subscriber was told that the log is not the one it knew, or lacks an event. */
  readonly lost?: { readonly name: string; readonly why: string };
  /** What became of an order. */
  readonly done?: Order['order'];
  /** The connections that it gave back with a transaction open. */
  readonly leaked?: readonly number[];
  readonly replayed?: { readonly replayed: number; readonly failed: number };
}

/** What a member can be told to do. */
export type Order =
  /** Its clock jumps: `Date` is so many ms off from now on. */
  | { readonly order: 'clock'; readonly ms: number }
  /** The application takes every connection of its pool, for so many ms. */
  | { readonly order: 'exhaust'; readonly ms: number }
  /** The application forgets to end transactions: so many connections go back to its pool with one open, in which this was done. */
  | { readonly order: 'leak'; readonly connections: number; readonly work: string }
  /** Handlers of transactional consumers hang, in their transactions, for so many ms. */
  | { readonly order: 'hang'; readonly ms: number }
  /** Its data source is destroyed in the middle of everything, and initialized again after so many ms. */
  | { readonly order: 'initialize again'; readonly ms: number }
  /** Its writers stop, and slow subscribers read to the end. */
  | { readonly order: 'settle' }
  /** Every dead letter is handed out again. */
  | { readonly order: 'replay' };

/** Connections of the application's pool. */
export const POOL_SIZE = 10;

/** Its consumers; every member declares all of them. */
export const CONSUMERS = ['plain', 'ledger', 'lanes', 'parks'] as const;
export type ConsumerName = (typeof CONSUMERS)[number];
