import type { DataSource } from 'typeorm';

/** What may become of a row: the columns it then has, in SQL. None of it is what `publish` writes. */
export const CORRUPTIONS: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>> = {
  'data that is no JSON': { data: Buffer.from('{"card": 4111-secret}') },
  'data that ends half-way': { data: Buffer.from('{"card": "4111-secre') },
  'no data at all': { data: Buffer.alloc(0) },
  'data that is no UTF-8': { data: Buffer.from('{"card": "4111-secret \xe4"}', 'latin1') },
  'data that begins with zero bytes': { data: Buffer.from('\0\0{"card": "4111-secret"}') },
  'headers that are no JSON': { headers: '{"card": 4111-secret}' },
  'headers that end half-way': { headers: '{"card": "4111-secre' },
  'headers that are a list': { headers: '["4111-secret"]' },
  'headers that are nested': { headers: '{"card": {"number": "4111-secret"}}' },
  'headers that are zero bytes': { headers: '\0\0\0\0' },
  'headers that are empty': { headers: '' },
};

/** What must never be in a log, or in what is stored of an error. */
export const SECRET = /4111|secre/;

/** Does it to the event `seq`, as somebody with a database client, or a bad disk, would. */
export async function corrupt(dataSource: DataSource, seq: number, kind: string): Promise<void> {
  const columns = Object.entries(CORRUPTIONS[kind]!);
  const set = columns.map(([column]) => `\`${column}\` = ?`).join(', ');
  const values = columns.map(([, value]) => value);
  await dataSource.query(`UPDATE eventx_events SET ${set} WHERE seq = ?`, [...values, seq]);
}
