import type { Row } from '../../support/databases.js';

/** Accounts between which the writers transfer money. */
export const ACCOUNTS = 8;
export const OPENING_BALANCE = 1000;

export const BANK_TABLES = [
  'CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL, version INT NOT NULL)',
  'CREATE TABLE transfers (uuid CHAR(36) PRIMARY KEY)',
  'CREATE TABLE notes (id BIGINT PRIMARY KEY AUTO_INCREMENT)',
  'CREATE TABLE effects (id BIGINT PRIMARY KEY AUTO_INCREMENT, consumer VARCHAR(20) NOT NULL, seq BIGINT NOT NULL, ' +
    'member VARCHAR(20) NOT NULL, KEY (consumer, id))',
  `INSERT INTO accounts VALUES ${Array.from({ length: ACCOUNTS }, (_, id) => `(${id + 1}, ${OPENING_BALANCE}, 0)`).join()}`,
];

/** An account as a transfer left it. */
export interface AccountState {
  readonly id: number;
  readonly balance: number;
  readonly version: number;
}

/** The payload of the first event of a transfer. */
export interface Transfer {
  readonly amount: number;
  readonly from: AccountState;
  readonly to: AccountState;
}

/** Replays the transfers of a log in its order. @returns where the balances do not come out */
export function replayBank(transfers: readonly Transfer[], accounts: readonly Row[]): string[] {
  const balances = new Map<number, number>();
  const found: string[] = [];
  const book = ({ id, balance }: AccountState, amount: number) => {
    const result = (balances.get(id) ?? OPENING_BALANCE) + amount;
    if (result !== balance)
      found.push(`bank: account ${id} has ${result}, its event says ${balance}`);
    balances.set(id, result);
  };
  for (const { from, to, amount } of transfers) {
    book(from, -amount);
    book(to, amount);
  }
  for (const { id, balance } of accounts) {
    const result = balances.get(Number(id)) ?? OPENING_BALANCE;
    if (result !== Number(balance)) {
      found.push(`bank: account ${String(id)} has ${String(balance)}, the log comes to ${result}`);
    }
  }
  return found;
}
