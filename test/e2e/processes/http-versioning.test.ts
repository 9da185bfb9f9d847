import { type VersioningOptions, VersioningType } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  eventxSignalController,
  eventxStreamController,
  httpSignal,
  remoteStorage,
} from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { startLogServer } from '../../support/processes/log-server.js';

const secret = 'a secret of the two services';
const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
beforeEach(async () => {
  database = await emptyDatabase('sqlite');
});
afterEach(() => database.remove());

const VERSIONINGS: readonly VersioningOptions[] = [
  { type: VersioningType.URI },
  { type: VersioningType.HEADER, header: 'x-version' },
  { type: VersioningType.MEDIA_TYPE, key: 'v=' },
];

describe.each(['express', 'fastify'] as const)('on %s', (adapter) => {
  test.each(
    VERSIONINGS.flatMap((versioning) => [versioning, { ...versioning, defaultVersion: '1' }]),
  )('the versions of an application’s API are none of the log’s: %j', async (versioning) => {
    const server = await startLogServer(database.options, {
      controllers: [eventxStreamController(), eventxSignalController({ secret })],
      adapter,
      versioning,
    });
    later(() => server.close());
    await server.publish('a');
    await server.reached(1);
    const log = remoteStorage({ url: `${server.url}/eventx` });
    later(() => log.close?.());
    expect(await log.readState()).toMatchObject({ lastSeq: 1 });
    expect(await log.read(1, 10)).toMatchObject([{ seq: 1, type: 'a' }]);
    const signal = httpSignal({ url: `${server.url}/eventx/signal`, secret, timeout: 30_000 });
    later(() => signal.close?.());
    await signal.send();
  });
});
