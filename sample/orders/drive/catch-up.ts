import { Injectable } from '@nestjs/common';
import { type ConsumerState, EventxConsumers, EventxDeadLetters } from 'nestjs-eventx';
import {
  debounceTime,
  distinctUntilChanged,
  exhaustMap,
  filter,
  firstValueFrom,
  merge,
  share,
  timer,
} from 'rxjs';

/** The durable consumers. Named here, so that one that is not there is missed. */
const CONSUMERS = ['mailer', 'stock'];
const INTERVAL_MS = 50;

/** How far a consumer came, in whichever process it runs. */
export interface ConsumerReport {
  readonly name: string;
  readonly state: ConsumerState;
  readonly seq: number;
  /** Events up to the end of the drive that it has yet to handle. */
  readonly behind: number;
  /** Events of the drive that it could not handle. */
  readonly parked: number;
}

/** Waits for the durable consumers: they may run in another process, so only what they stored can be looked at. */
@Injectable()
export class CatchUp {
  constructor(
    private readonly consumers: EventxConsumers,
    private readonly deadLetters: EventxDeadLetters,
  ) {}

  /** Resolves when all have handled the events from `first` to `last`, or none has come any further for `patienceMs`. */
  async run(first: number, last: number, patienceMs: number): Promise<ConsumerReport[]> {
    const looks = timer(0, INTERVAL_MS).pipe(
      exhaustMap(() => Promise.all(CONSUMERS.map((name) => this.consumers.get(name)))),
      share(),
    );
    const complete = looks.pipe(filter((infos) => infos.every(({ offset: seq }) => seq >= last)));
    const stalled = looks.pipe(
      distinctUntilChanged((a, b) => a.every(({ offset: seq }, index) => seq === b[index]!.offset)),
      debounceTime(patienceMs),
    );
    const infos = await firstValueFrom(merge(complete, stalled));
    return Promise.all(
      infos.map(async ({ name, state, offset: seq }) => {
        const behind = Math.max(0, last - seq);
        return { name, state, seq, behind, parked: await this.parked(name, first, last) };
      }),
    );
  }

  private async parked(consumer: string, first: number, last: number): Promise<number> {
    const letters = await this.deadLetters.list({ consumer, limit: 10_000 });
    return letters.filter(({ seq }) => seq >= first && seq <= last).length;
  }
}
