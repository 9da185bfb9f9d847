import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { DockerBackend } from './server/docker-backend.mjs';
import { findServer } from './server/find-server.mjs';
import { LocalBackend } from './server/local-backend.mjs';

const WATCHDOG = fileURLToPath(new URL('./server/watchdog.mjs', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * @typedef {object} MariaDbServerOptions
 * @property {boolean} [durable] Flush the redo log at every commit. Fault tests and benchmarks need
 *   it; the others are quicker without. Default: false.
 * @property {string[]} [flags] More server flags, such as `--auto-increment-increment=2`.
 */

/**
 * A private database server: a fresh data directory, a port of its own, user `root` without a
 * password. It ends with the process that started it, even when that is killed.
 */
export class MariaDbServer {
  #options;
  #port = 0;
  #folder = '';
  /** @type {LocalBackend | DockerBackend | undefined} */
  #backend;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #watchdog;
  #suspended = false;

  /** @param {MariaDbServerOptions} [options] */
  constructor(options = {}) {
    this.#options = options;
  }

  /** The port, which stays the same through kill, restart and start. */
  get port() {
    return this.#port;
  }

  /**
   * The pid of the running server.
   *
   * @throws {Error} when it is not running
   */
  get pid() {
    const pid = this.#backend?.pid;
    if (pid === undefined) throw new Error('The test server is not running: call start() first.');
    return pid;
  }

  /** @param {string} [database] */
  url(database = '') {
    return `mysql://root@127.0.0.1:${this.#port}/${database}`;
  }

  /**
   * Starts the server and resolves when it answers. After a kill() it starts on the same data.
   *
   * @returns {Promise<this>}
   */
  async start() {
    if (this.#backend?.isRunning()) throw new Error('The test server is running already.');
    if (this.#backend) {
      await this.#launch(this.#backend);
      return this;
    }
    try {
      await this.#create();
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  /** Shuts the server down and removes its data. Does nothing when there is none. */
  async stop() {
    await this.#shutDown();
    if (this.#watchdog) await endWatchdog(this.#watchdog);
    this.#watchdog = undefined;
    this.#backend = undefined;
    this.#folder = '';
  }

  /** Ends the server with SIGKILL, as a crash would; start() brings it back with its data. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Shuts the server down in good order and starts it again on the same data. */
  async restart() {
    await this.#shutDown();
    await this.start();
  }

  /** Stops the process where it is (SIGSTOP): connections stay open and nothing answers. */
  async suspend() {
    this.#suspended = true;
    await this.#backend?.signal('SIGSTOP');
  }

  /** Lets a suspended server go on (SIGCONT). */
  async resume() {
    await this.#backend?.signal('SIGCONT');
    this.#suspended = false;
  }

  async #create() {
    const found = findServer();
    this.#folder = mkdtempSync(join(tmpdir(), 'eventx-db-'));
    this.#watchdog = startWatchdog(this.#folder);
    const flags = [
      `--innodb-flush-log-at-trx-commit=${this.#options.durable ? 1 : 0}`,
      ...(this.#options.flags ?? []),
    ];
    const backend =
      found.kind === 'local'
        ? new LocalBackend(found, this.#folder, flags)
        : new DockerBackend(found, flags);
    this.#backend = backend;
    await backend.prepare();
    this.#port = await freePort();
    await this.#launch(backend);
  }

  /** @param {LocalBackend | DockerBackend} backend */
  async #launch(backend) {
    await backend.launch(this.#port);
    this.#tellWatchdog();
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const failure = await this.#tryToConnect();
      if (!failure) return;
      if (!backend.isRunning() || performance.now() > deadline) {
        const log = backend.log().split('\n').slice(-30).join('\n');
        await this.#end('SIGKILL');
        const flags = backend.flags.join(' ');
        throw new Error(
          `The test server did not start (flags: ${flags}). The end of its log:\n${log}`,
          { cause: failure },
        );
      }
      await delay(20);
    }
  }

  async #tryToConnect() {
    try {
      const connection = await createConnection({ uri: this.url(), connectTimeout: 5_000 });
      await connection.end();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #shutDown() {
    if (this.#suspended) await this.resume();
    const backend = this.#backend;
    if (!backend?.isRunning()) return;
    const patience = new AbortController();
    const ended = this.#end('SIGTERM').then(() => true);
    const late = delay(STOP_TIMEOUT_MS, false, { signal: patience.signal }).catch(() => false);
    const inTime = await Promise.race([ended, late]);
    patience.abort();
    if (!inTime) await this.#end('SIGKILL');
  }

  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  async #end(signal) {
    await this.#backend?.signal(signal);
    await this.#backend?.exited();
    this.#suspended = false;
    this.#tellWatchdog();
  }

  #tellWatchdog() {
    this.#watchdog?.stdin?.write(`${this.#backend?.handle ?? 'none'}\n`);
  }
}

/** @param {string} folder */
function startWatchdog(folder) {
  const watchdog = spawn(process.execPath, [WATCHDOG, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of reach of an interrupt typed at the terminal, and of the tests' own NODE_OPTIONS.
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  watchdog.unref();
  // It is a socket, whatever the type says; it must not keep the tests' process alive.
  const pipe = /** @type {import('node:net').Socket} */ (watchdog.stdin);
  pipe.on('error', () => undefined);
  pipe.unref();
  return watchdog;
}

/**
 * Lets the watchdog do its work, which is to remove the server's folder.
 *
 * @param {import('node:child_process').ChildProcess} watchdog
 */
async function endWatchdog(watchdog) {
  const { exitCode, signalCode } = watchdog;
  if (exitCode !== null || signalCode !== null) return;
  watchdog.ref();
  watchdog.stdin?.end();
  await once(watchdog, 'exit');
}

/**
 * A free port below the range from which the system takes client ports. In that range, clients that
 * keep calling while the server is down end up on its port themselves, and it cannot come back.
 */
async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    probe.listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch {
      continue; // taken
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
