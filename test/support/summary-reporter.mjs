import { writeSync } from 'node:fs';

/**
 * Prints one plain line after everything else: "Tests: 12 passed, 0 failed". A test file that could
 * not be loaded at all counts as one failure, so that "0 failed" always means success.
 *
 * @implements {Pick<import('@jest/reporters').Reporter, 'onRunComplete'>}
 */
export default class SummaryReporter {
  #line = '';
  #failed = 0;

  constructor() {
    // Jest's own summary comes after every custom reporter, so the end of the process is the moment.
    process.once('exit', () => {
      if (this.#line) writeSync(process.stdout.fd, this.#line);
      // Jest sets it after the global teardown: too late when the event loop runs dry in there.
      if (this.#failed > 0) process.exitCode = 1;
    });
  }

  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    this.#failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    this.#line = `Tests: ${results.numPassedTests} passed, ${this.#failed} failed${tail}\n`;
  }
}
