import type { Dialect } from '../typeorm/dialects/index.js';
import { clockSkew, driverTimeZone } from './clocks.js';
import { consumers, deadLetters } from './consumers.js';
import { ApplicationPoolError, type Check, Examination, type ExaminedLog } from './examination.js';
import { asSentence, failedCheck } from './failed-check.js';
import { type Finding, worstFirst } from './finding.js';
import { historyLength, openTransactions } from './housekeeping.js';
import { integrity } from './integrity.js';
import { type DoctorLimits, resolveLimits } from './limits.js';
import { packets, payloadColumn } from './packets.js';
import { plans } from './plans.js';
import { applicationPool } from './pool.js';
import { processes } from './processes.js';
import { integerOption } from '../util/checks.js';
import { schema } from './schema.js';
import { sequence } from './sequence.js';
import { durability, server } from './server.js';
import { characterSet, sqlMode } from './session.js';
import { pending } from './pending.js';

export interface ExamineOptions {
  /**
   * Also what reads the whole log: every number is there, and, on the embedded database, the file is whole. A few seconds for ten
   * million events; without it some tens of milliseconds, however long the log is.
   * @default false
   */
  readonly full?: boolean;
  /** From where on to mention something. */
  readonly limits?: Partial<DoctorLimits>;
  /** How long all of it may take, in ms. @default 15000, with `full` 600000 (10 minutes) */
  readonly timeout?: number;
}

/** In ms. */
const TIMEOUT = { quick: 15_000, full: 600_000 };

/** What needs no table of the log. */
const OF_SERVER: Readonly<Record<Dialect['name'], readonly Check[]>> = (() => {
  const mysqlFamily = [
    server,
    durability,
    applicationPool,
    characterSet,
    sqlMode,
    packets,
    clockSkew,
    driverTimeZone,
    historyLength,
    openTransactions,
  ];
  return { mariadb: mysqlFamily, mysql: mysqlFamily, sqlite: [durability, clockSkew, integrity] };
})();

/** What reads the tables of the log. */
const OF_LOG: Readonly<Record<Dialect['name'], readonly Check[]>> = (() => {
  const all = [plans, sequence, pending, consumers, deadLetters, processes];
  const mysqlFamily = [...all, payloadColumn];
  return { mariadb: mysqlFamily, mysql: mysqlFamily, sqlite: all };
})();

const OWN_STORAGE: Finding = {
  check: 'own-storage',
  severity: 'info',
  message:
    'This log has a storage of its own (option "storage"): the doctor knows only logs in a database of TypeORM.',
  fix: 'Examine that storage by its own means; a remoteStorage, in the process that has the database',
};

/**
 * Looks for what threatens a log: the server, its sessions, the schema, the numbers and the consumers. It only reads, takes no locks, and
 * needs no privileges beyond those of the application; what the database does not tell this user it leaves out, and says so.
 *
 * @example
 * const findings = await doctor.examine();
 * const healthy = !findings.some(({ severity }) => severity === 'unsafe' || severity === 'error');
 */
export class EventxDoctor {
  /** @param now the clock of this process, in ms since 1970 */
  constructor(
    private readonly log: ExaminedLog | null,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @returns what was found, the worst first; nothing when all is well. A database that is down, or does not answer in time, is a finding
   * @throws EventxOptionsError
   */
  async examine({ full = false, limits, timeout }: ExamineOptions = {}): Promise<
    readonly Finding[]
  > {
    const resolved = resolveLimits(limits);
    const limit = integerOption('timeout', timeout, full ? TIMEOUT.full : TIMEOUT.quick);
    const { log, now } = this;
    if (!log) return [OWN_STORAGE];
    try {
      return await log.connections.fresh(
        (connection) => examineLog(new Examination(log, connection, resolved, full, now)),
        limit,
      );
    } catch (error) {
      return [unreachable(error)];
    }
  }
}

const NO_POOL: Finding = {
  check: 'application-pool',
  severity: 'error',
  message:
    'The pool of the application gives no connection: transactions hold all of them, or it has lost the database. Publishing and ' +
    'transactional handlers wait; what sessions are like could not be examined.',
  fix:
    'Look for transactions that stay open (SHOW PROCESSLIST); raise extra.connectionLimit where all of them have work; where the ' +
    'pool has given the server up ("Pool does Not exist."), restart the process',
};

async function examineLog(examination: Examination): Promise<readonly Finding[]> {
  const { name } = examination.log.target.dialect;
  const findings = await results(OF_SERVER[name], examination);
  const ofSchema = await results([schema], examination);
  // The others read the tables. While those are not as they must be, they could only repeat it.
  const ofLog = ofSchema.length > 0 ? [] : await results(OF_LOG[name], examination);
  return worstFirst([...findings, ...ofSchema, ...ofLog]);
}

function unreachable(error: unknown): Finding {
  return {
    check: 'database-unreachable',
    severity: 'error',
    message: `The database cannot be examined: ${asSentence(error)} Nothing is numbered or handled until it answers.`,
    fix: 'Look whether the server runs, and whether this process reaches it and may log in',
  };
}

async function results(checks: readonly Check[], examination: Examination): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    const found = await check.examine(examination).catch(async (error: unknown) => {
      if (error instanceof ApplicationPoolError) return findings.includes(NO_POOL) ? [] : [NO_POOL];
      // Of a database that went away every check would say so.
      await examination.reach();
      return [await failedCheck(check, examination, error)];
    });
    findings.push(...found);
  }
  return findings;
}
