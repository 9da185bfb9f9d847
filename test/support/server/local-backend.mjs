import { execFile, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server binary of this machine, run on a data directory of its own. */
export class LocalBackend {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #exited = Promise.resolve();

  /**
   * @param {import('./find-server.mjs').LocalServer} binaries
   * @param {string} folder
   * @param {string[]} flags
   */
  constructor(binaries, folder, flags) {
    this.binaries = binaries;
    this.folder = folder;
    this.flags = flags;
  }

  /** The pid of the running server, or undefined. */
  get pid() {
    return this.#child?.pid;
  }

  /** What the watchdog needs to end this server; see watchdog.mjs. */
  get handle() {
    return this.#child ? `pid ${this.#child.pid}` : 'none';
  }

  /** Creates the system tables. */
  async prepare() {
    mkdirSync(this.#path('tmp'));
    const { flavour, server, installDb } = this.binaries;
    if (flavour === 'mariadb' && installDb) {
      await run(installDb, [
        ...this.#common(),
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=8M',
      ]);
      return;
    }
    // MySQL only creates root@localhost, which no TCP client is under --skip-name-resolve.
    const initFile = this.#path('init.sql');
    writeFileSync(
      initFile,
      "CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '';\n" +
        "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n",
    );
    await run(server, [...this.#common(), '--initialize-insecure', `--init-file=${initFile}`]);
  }

  /** @param {number} port */
  launch(port) {
    // The server opens the log itself, but only after it has understood its flags.
    const log = openSync(this.#path('log'), 'a');
    const child = spawn(
      this.binaries.server,
      [
        ...this.#common(),
        `--socket=${this.#path('s')}`,
        `--pid-file=${this.#path('pid')}`,
        `--log-error=${this.#path('log')}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--skip-name-resolve',
        '--skip-log-bin',
        '--innodb-buffer-pool-size=64M',
        '--max-connections=200',
        ...(this.binaries.flavour === 'mysql' ? ['--mysqlx=OFF'] : []),
        ...this.flags,
      ],
      // A session of its own: an interrupt typed at the terminal is for the tests, not for the server.
      { stdio: ['ignore', 'ignore', log], detached: true },
    );
    closeSync(log);
    child.unref(); // a test run that forgets its server still ends
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const gone = () => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once('exit', gone);
      child.once('error', gone);
    });
    return Promise.resolve();
  }

  /**
   * Resolves, for SIGSTOP, when the server does nothing any more.
   *
   * @param {'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} signal
   */
  async signal(signal) {
    const child = this.#child;
    if (!child) return;
    child.kill(signal);
    if (signal === 'SIGSTOP') await stopped(child.pid);
  }

  /** Resolves when the server's process is gone. */
  exited() {
    // Whoever waits must be kept alive for it: Node would end, successfully, in the middle.
    this.#child?.ref();
    return this.#exited;
  }

  isRunning() {
    return this.#child !== undefined;
  }

  log() {
    return existsSync(this.#path('log')) ? readFileSync(this.#path('log'), 'utf8') : '';
  }

  #common() {
    return [
      '--no-defaults',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      `--datadir=${this.#path('data')}`,
      `--tmpdir=${this.#path('tmp')}`,
    ];
  }

  /** @param {string} name */
  #path(name) {
    return join(this.folder, name);
  }
}

/**
 * A signal only asks: on a busy machine the threads stop one after the other, and some statements are still answered meanwhile. Systems
 * without /proc do not tell.
 *
 * @param {number | undefined} pid
 */
async function stopped(pid) {
  const tasks = `/proc/${pid}/task`;
  const isStopped = (/** @type {string} */ task) => {
    try {
      const stat = readFileSync(`${tasks}/${task}/stat`, 'utf8');
      // The state follows the name, which stands in parentheses and may contain some itself.
      return stat[stat.lastIndexOf(')') + 2] === 'T';
    } catch {
      return true; // that thread has ended
    }
  };
  while (existsSync(tasks) && !readdirSync(tasks).every(isStopped)) await delay(1);
}
