import { MariaDbServer } from './mariadb-server.mjs';

/** Starts one private server for the whole test run, unless the environment names one to use. */
export default async function globalSetup() {
  if (process.env.EVENTX_TEST_MARIADB_URL) return;
  const server = await new MariaDbServer().start();
  process.env.EVENTX_TEST_MARIADB_URL = server.url();
  globalThis.eventxTestServer = server;
}
