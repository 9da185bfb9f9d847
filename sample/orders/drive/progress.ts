import type { WriteStream } from 'node:tty';

const INTERVAL_MS = 100;
const WIDTH = 30;

/** How far it is: one line that changes on a terminal, a line for each quarter elsewhere. */
export class Progress {
  private shownAt = -Infinity;
  private quarter = 0;

  constructor(
    private readonly total: number,
    private readonly out: Pick<WriteStream, 'write' | 'isTTY'> = process.stdout,
  ) {}

  update(done: number): void {
    if (this.out.isTTY) this.redraw(done);
    else this.printQuarter(done);
  }

  /** Clears the line, or sets the lines off from what follows. */
  end(): void {
    this.out.write(this.out.isTTY ? '\r\x1b[K' : '\n');
  }

  private redraw(done: number): void {
    const now = performance.now();
    if (done < this.total && now - this.shownAt < INTERVAL_MS) return;
    this.shownAt = now;
    const full = Math.floor((done / this.total) * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    this.out.write(`\r  ${bar}  ${done.toLocaleString('en')} orders\x1b[K`);
  }

  private printQuarter(done: number): void {
    const quarter = Math.floor((done / this.total) * 4);
    if (quarter === this.quarter) return;
    this.quarter = quarter;
    this.out.write(`  ${done.toLocaleString('en')} orders\n`);
  }
}
