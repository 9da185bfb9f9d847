import { variables } from '../typeorm/dialects/mysql/variables.js';
import type { Check } from './examination.js';
import type { Finding } from './finding.js';

/** Text gets to the server, and back, as it is. For MySQL and MariaDB. */
export const characterSet: Check = {
  name: 'character-set',

  async examine(examination) {
    const names = ['character_set_client', 'character_set_connection', 'character_set_results'];
    const session = await examination.inApplication((connection) =>
      variables(connection, 'SESSION', ...names),
    );
    // Another client's character set is unsafe, and so the matter of another check.
    if (!/^utf8/.test(session.get('character_set_client') ?? '')) return [];
    const wrong = names.filter((name) => session.get(name) !== 'utf8mb4');
    if (wrong.length === 0) return [];
    const set = wrong.map((name) => `${name} is ${session.get(name)}`).join(', ');
    return [
      {
        check: 'character-set',
        severity: 'error',
        message:
          `Sessions do not speak utf8mb4 (${set}): characters that this cannot hold, such as emoji, become others in the types, keys ` +
          'and headers of events, without an error. Payloads are not touched.',
        fix: "Give the data source the option charset: 'utf8mb4', and look whether init_connect sets another",
      },
    ];
  },
};

/** Values that do not fit are refused. For MySQL and MariaDB. */
export const sqlMode: Check = {
  name: 'sql-mode',

  async examine(examination): Promise<Finding[]> {
    const session = await examination.inApplication((connection) =>
      variables(connection, 'SESSION', 'sql_mode'),
    );
    const mode = session.get('sql_mode') ?? '';
    if (/STRICT_(TRANS|ALL)_TABLES/.test(mode)) return [];
    const { events } = examination.log.target.tables;
    return [
      {
        check: 'sql-mode',
        severity: 'warning',
        message:
          `Sessions are not in strict mode (sql_mode is '${mode}'): a value that does not fit its column in "${events}" is cut, and ` +
          'a character that it cannot hold replaced, without an error.',
        fix:
          "SET GLOBAL sql_mode = CONCAT_WS(',', NULLIF(@@GLOBAL.sql_mode, ''), 'STRICT_TRANS_TABLES'), also in the configuration of " +
          'the server, and look whether init_connect or the pool sets it',
      },
    ];
  },
};
