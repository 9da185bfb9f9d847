import type { Statement } from '../connections/sql-connection.js';
import { quote } from '../tables.js';

/**
 * Condition that a text column is exactly this text. MySQL and MariaDB ignore spaces at the end when they compare, so that 'a' and
 * 'a ' would be one key; and they pass over no other difference here. The first half is for the index.
 */
export function exactly(column: string, text: string): Statement {
  const name = quote(column);
  return { sql: `${name} = ? AND HEX(${name}) = ?`, parameters: [text, toHex(text)] };
}

function toHex(text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase();
}
