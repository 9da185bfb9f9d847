import type { ModulesContainer } from '@nestjs/core';
import type { DataSource } from 'typeorm';

import { EventxOptionsError } from '../errors.js';
import { resolveTables } from '../typeorm/tables.js';
import type { EventxModuleExtras } from './log-settings.js';

/** The logs of one application, which must not get in each other's way. */
export class ApplicationLogs {
  /** By application: there may be several in a process, one after the other in tests. */
  private static readonly applications = new WeakMap<ModulesContainer, ApplicationLogs>();

  private readonly names = new Set<string | undefined>();
  private readonly tables = new WeakMap<DataSource, Map<string, string | undefined>>();

  static of(application: ModulesContainer): ApplicationLogs {
    let logs = this.applications.get(application);
    if (!logs) {
      logs = new ApplicationLogs();
      this.applications.set(application, logs);
    }
    return logs;
  }

  /**
   * Enters a log, before it is opened.
   * @param dataSource where its table is; undefined where it has a storage of its own
   * @throws EventxOptionsError when there is one of that name, or one in that table
   */
  enter(extras: EventxModuleExtras, dataSource: DataSource | undefined): void {
    const { name } = extras;
    if (this.names.has(name)) {
      throw new EventxOptionsError(
        `EventxModule is imported twice ${name === undefined ? 'without a name' : `under the name "${name}"`}: two runners would ` +
          'follow the same log, and every handler would be called twice. Call forRoot once, in the root module, with ' +
          '"isGlobal: true"; a second log needs a "name" and "tables" of its own.',
      );
    }
    this.names.add(name);
    if (dataSource) this.enterTable(dataSource, eventsTable(extras, dataSource), name);
  }

  private enterTable(dataSource: DataSource, table: string | null, name: string | undefined): void {
    if (table === null) return;
    const taken = this.tables.get(dataSource) ?? new Map<string, string | undefined>();
    this.tables.set(dataSource, taken);
    // Whether case matters depends on the server.
    const key = table.toLowerCase();
    if (taken.has(key)) {
      throw new EventxOptionsError(
        `The logs ${described(taken.get(key))} and ${described(name)} have the same table "${table}" in the same data source. Give ` +
          `one of them its own: "tables: { prefix: '…' }", or another "dataSource".`,
      );
    }
    taken.set(key, name);
  }
}

/** @returns null where that is found out, with an error, when the log is opened */
function eventsTable(
  { entity, tables }: EventxModuleExtras,
  dataSource: DataSource,
): string | null {
  if (!entity) return resolveTables(tables).events;
  return dataSource.hasMetadata(entity) ? dataSource.getMetadata(entity).tableName : null;
}

function described(name: string | undefined): string {
  return name === undefined ? 'without a name' : `"${name}"`;
}
