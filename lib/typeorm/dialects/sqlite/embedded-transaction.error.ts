import { EventxError } from '../../../errors.js';

/** The one connection of an embedded database cannot serve a call: a transaction has it, or lost it. */
export class EmbeddedTransactionError extends EventxError {
  readonly code = 'EVENTX_EMBEDDED_TRANSACTION';

  /** The call was made inside of the transaction that it would wait for. */
  static usedInside(): EmbeddedTransactionError {
    return new EmbeddedTransactionError(
      `The data source was used inside of an open transaction. The embedded SQLite database has one connection, and the ` +
        `transaction holds it: this call would wait for the transaction, and the transaction for this call. Inside of a ` +
        `transaction use the EntityManager that its callback received (or queryRunner.manager) for everything; start ` +
        `other work after it has ended.`,
    );
  }

  /** The turn of the call did not come in time. */
  static waitedTooLong(waitLimitMs: number): EmbeddedTransactionError {
    return new EmbeddedTransactionError(
      `Waited ${waitLimitMs} ms for the one connection of the embedded SQLite database; others still use it. If this call ` +
        `was made inside of an open transaction, use the EntityManager that the transaction callback received (or ` +
        `queryRunner.manager) instead. If not, look for a transaction that is never committed, rolled back or released, ` +
        `or that does slow work while it is open.`,
    );
  }

  /** A statement of a transaction whose turn to run came after the end. */
  static tooLate(): EmbeddedTransactionError {
    return new EmbeddedTransactionError(
      `The transaction of this statement ended before the statement ran, so it was not run: outside of the transaction it ` +
        `could not be undone with it. Await every call before the transaction ends.`,
    );
  }

  /** SQLite ended the transaction by itself. */
  static alreadyRolledBack(): EmbeddedTransactionError {
    return new EmbeddedTransactionError(
      `This transaction was already rolled back (a COMMIT that failed, ON CONFLICT ROLLBACK, a full disk): nothing of it ` +
        `was saved, and this statement was not run. Roll back, then start a new transaction.`,
    );
  }
}
