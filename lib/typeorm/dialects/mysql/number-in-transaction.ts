import type { SqlConnection } from '../../connections/sql-connection.js';
import type { Numbering } from '../dialect.js';

/** Numbers a batch with one statement after the other. @returns whether it was committed */
export async function numberInTransaction(
  connection: SqlConnection,
  { advance, updates, count }: Numbering,
): Promise<boolean> {
  const numbered = await connection.transaction(
    async () => {
      if ((await connection.change(advance)) !== 1) return 0;
      let sum = 0;
      for (const update of updates) sum += await connection.change(update);
      return sum;
    },
    (sum) => sum === count,
  );
  return numbered === count;
}
