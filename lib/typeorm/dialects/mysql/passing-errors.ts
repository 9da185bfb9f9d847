import { StorageTimeoutError } from '../../../errors.js';

/** The network, or a server that does not listen yet. ENOTFOUND and ENOENT: names and sockets are made late, too. */
const NETWORK: readonly unknown[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENOENT',
];

/** mysql2: the connection ended. */
const DRIVER: readonly unknown[] = ['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_SEQUENCE_TIMEOUT'];

/** What mysql2's cluster of pools says while it uses none of its servers, or has given them up. */
const NO_SERVER: readonly unknown[] = ['POOL_NONEONLINE', 'POOL_NOEXIST'];

/** What MySQL and MariaDB say when they are busy, going or coming. */
const SERVER: readonly unknown[] = [
  1020, // ER_CHECKREAD
  1040, // ER_CON_COUNT_ERROR: too many connections
  1041, // ER_OUT_OF_RESOURCES
  1047, // MariaDB: the node of a cluster is not ready
  1053, // ER_SERVER_SHUTDOWN
  1077, // ER_NORMAL_SHUTDOWN
  1079, // ER_SHUTDOWN_COMPLETE
  1129, // ER_HOST_IS_BLOCKED
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK
  1226, // ER_USER_LIMIT_REACHED
  1317, // ER_QUERY_INTERRUPTED
  1412, // ER_TABLE_DEF_CHANGED: somebody is migrating
  1927, // MariaDB: ER_CONNECTION_KILLED
  1969, // MariaDB: max_statement_time
  3024, // MySQL: max_execution_time
  3032, // MySQL: offline mode
  3169, // MySQL: ER_SESSION_WAS_KILLED
  4031, // MySQL: the session was silent for too long
];

/**
 * A database or a user that is not there, or not let in. It is tried again, since where both are started together the one is often made
 * after the other has begun; the error in the end says what it was.
 */
const PROVISIONED_LATE: readonly unknown[] = [
  1044, // ER_DBACCESS_DENIED_ERROR
  1045, // ER_ACCESS_DENIED_ERROR
  1049, // ER_BAD_DB_ERROR
  1130, // ER_HOST_NOT_PRIVILEGED
  1698, // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
];

/** SQLite, while another process writes. */
const EMBEDDED = /^SQLITE_(BUSY|LOCKED)/;

/**
 * Whether an error of the database can pass by itself, so that it is worth another try. All others are mistakes: of the options, of the
 * schema, of a program.
 */
export function canPass(error: unknown): boolean {
  if (error instanceof StorageTimeoutError) return true;
  if (typeof error !== 'object' || error === null) return false;
  const { code, errno, fatal, cause } = error as Record<string, unknown>;
  return (
    NETWORK.includes(code) ||
    DRIVER.includes(code) ||
    hasNoServer(error) ||
    SERVER.includes(errno) ||
    PROVISIONED_LATE.includes(errno) ||
    (typeof code === 'string' && EMBEDDED.test(code)) ||
    // mysql2 has no code for a command on a connection that has ended meanwhile.
    (fatal === true && code === undefined) ||
    canPass(cause)
  );
}

/** Whether a pool of the application has no server to connect to. */
export function hasNoServer(error: unknown): boolean {
  return NO_SERVER.includes((error as { code?: unknown } | null)?.code);
}
