import { EventxSchemaError } from '../errors.js';
import type { Dialect, UnsafeSetting } from '../typeorm/dialects/index.js';
import { describeFindings } from '../doctor/finding.js';
import { examineSchema } from '../doctor/schema.js';
import { contradictions, readExtent } from '../doctor/state.js';
import type { LogConnections } from '../typeorm/connections/log-connections.js';
import type { EventTable } from '../typeorm/stores/log-reads.js';
import type { SchemaTarget } from '../typeorm/schema/versions.js';

/**
 * Checks at startup, before anything is written, that the server can keep the promises.
 * @throws EventxSchemaError that says what to do, and by which name to allow it
 */
export async function verifyServer(
  connections: LogConnections,
  dialect: Dialect,
  allowed: readonly UnsafeSetting[],
): Promise<void> {
  // In a session of the application: events are published in those.
  const found = [
    ...(await connections.ofApplication((connection) => dialect.unsafeSettings(connection))),
    ...(await connections.use((connection) => dialect.splitReads(connection))),
  ];
  const unsafe = found.filter(({ name }) => !allowed.includes(name));
  if (unsafe.length === 0) return;
  throw new EventxSchemaError(
    unsafe
      .map(
        (setting) =>
          `${describeFindings([setting])} To start regardless: allowUnsafe: ['${setting.name}'].`,
      )
      .join(' '),
  );
}

/**
 * Checks at startup that the schema is what this version needs, and that the state row does not contradict the table.
 * @param columns of the events table that are read
 * @throws EventxSchemaError that says what to do
 */
export function verifySchema(
  connections: LogConnections,
  target: SchemaTarget,
  columns: readonly string[],
): Promise<EventTable> {
  return connections.use(async (connection) => {
    const { findings, seqIndex } = await examineSchema(connection, target, columns);
    const wrong =
      findings.length > 0 ? findings : contradictions(await readExtent(connection, target), target);
    if (wrong.length > 0 || seqIndex === null) throw new EventxSchemaError(describeFindings(wrong));
    return { ...target, seqIndex };
  });
}
