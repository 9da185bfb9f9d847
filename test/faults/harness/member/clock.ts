const RealDate = Date;
let offset = 0;

/** `Date` as it is on a machine whose clock is wrong. Timers and `performance.now()` go on as they were, as on a real one. */
class WrongDate extends RealDate {
  constructor(...args: [] | [value: number | string | Date]) {
    if (args.length === 0) super(WrongDate.now());
    else super(args[0]);
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}

/** Puts the clock of this process off by so many ms. When it is right again, so is `Date` itself: TypeORM knows no other as the type of a column. */
export function setClock(ms: number): void {
  offset = ms;
  globalThis.Date = ms === 0 ? RealDate : (WrongDate as DateConstructor);
}
