import type { MariaDbServer } from './mariadb-server.mjs';

declare global {
  // Hands the server from jest's globalSetup to its globalTeardown, which share nothing else.
  var eventxTestServer: MariaDbServer | undefined;
}
