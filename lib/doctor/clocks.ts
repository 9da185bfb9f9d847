import type { Check } from './examination.js';

/** From where on two times are not the same, in ms. */
const TOLERANCE_MS = 1000;

/** The clock of this process and that of the database agree. Nothing of the library depends on it; people who compare times do. */
export const clockSkew: Check = {
  name: 'clock-skew',

  async examine(examination) {
    const { log, limits, now } = examination;
    const before = now();
    const row = await examination.row(`SELECT ${log.target.dialect.nowMs} AS \`now\``);
    const after = now();
    const database = Number(row.now);
    const skew = database < before ? database - before : Math.max(0, database - after);
    if (Math.abs(skew) <= limits.clockSkew) return [];
    return [
      {
        check: 'clock-skew',
        severity: 'info',
        message:
          `The clock of the database is ${Math.abs(skew) / 1000} s ${skew > 0 ? 'ahead of' : 'behind'} this process’s. Order and ` +
          'leases do not depend on it; ages computed here from the time of an event are wrong by as much.',
        fix: 'Let NTP set the clocks of both machines',
      },
    ];
  },
};

/** The driver understands the times that the server writes. For MySQL and MariaDB: a session there has a time zone. */
export const driverTimeZone: Check = {
  name: 'driver-time-zone',

  async examine(examination) {
    const { dialect } = examination.log.target;
    const [row] = await examination.inApplication((connection) =>
      connection.rows(
        `SELECT NOW(3) AS \`driver\`, ${dialect.nowMs} AS \`server\`, @@SESSION.time_zone AS \`zone\``,
      ),
    );
    const { driver, server, zone } = row ?? {};
    // With dateStrings the application reads times itself.
    if (!(driver instanceof Date)) return [];
    const off = driver.getTime() - Number(server);
    if (Math.abs(off) <= TOLERANCE_MS) return [];
    return [
      {
        check: 'driver-time-zone',
        severity: 'warning',
        message:
          `Sessions have the time zone ${String(zone)}, but the driver takes their times for those of another: they come out ` +
          `${off / 1000} s off. Events, which are read as ms since 1970, are right; times in entities, such as ` +
          'EventxEventEntity.createdAt, are wrong.',
        fix:
          "Give the data source the option timezone: 'Z' and SET GLOBAL time_zone = '+00:00', also in the configuration of the " +
          "server; or name the server's own offset in timezone",
      },
    ];
  },
};
