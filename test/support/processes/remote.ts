import { EventxModule, type EventxModuleOptions, EventxRunner, EventxService } from 'nestjs-eventx';
import { remoteStorage, type RemoteStorageOptions } from 'nestjs-eventx';

import { startNest } from '../app.js';

/** Errors are provoked, and nobody is to wait for them. */
const QUICK = { pollInterval: 50, errorBackoff: { initial: 2, max: 20 } };

/** A service without a database of the log's: it follows a log that another one serves. */
export async function startRemote(
  remote: RemoteStorageOptions,
  options: EventxModuleOptions = {},
): Promise<{ eventx: EventxService; runner: EventxRunner; close(): Promise<void> }> {
  const storage = remoteStorage(remote);
  const app = await startNest([EventxModule.forRoot({ ...QUICK, ...options, storage })]);
  return {
    eventx: app.get<EventxService>(EventxService),
    runner: app.get<EventxRunner>(EventxRunner),
    close: () => app.close(),
  };
}
