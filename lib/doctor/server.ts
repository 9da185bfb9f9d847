import type { Check } from './examination.js';

/** Settings of the server and its sessions that endanger a guarantee. They may have changed since the start, by a failover. */
export const server: Check = {
  name: 'server',

  async examine(examination) {
    const { target, allowUnsafe } = examination.log;
    const { dialect } = target;
    const found = [
      ...(await examination.inApplication((connection) => dialect.unsafeSettings(connection))),
      ...(await examination.connected((connection) => dialect.splitReads(connection))),
    ];
    return found.map(({ name: check, message, fix }) =>
      allowUnsafe.includes(check)
        ? {
            check,
            severity: 'info',
            message: `${message} The option "allowUnsafe" allows it.`,
            fix,
          }
        : { check, severity: 'unsafe', message, fix },
    );
  },
};

/** Settings under which a crash takes back what was acknowledged. */
export const durability: Check = {
  name: 'durability',

  async examine(examination) {
    const { dialect } = examination.log.target;
    const found = await examination.connected((connection) => dialect.durabilityRisks(connection));
    return found.map(({ name: check, message, fix }) => ({
      check,
      severity: 'warning',
      message,
      fix,
    }));
  },
};
