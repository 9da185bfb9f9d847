import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server in a container, for machines that have Docker but no server binary. */
export class DockerBackend {
  #container = `eventx-test-${randomBytes(6).toString('hex')}`;
  #created = false;
  /** @type {number | undefined} */
  #pid;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #wait;
  #exited = Promise.resolve();

  /**
   * @param {import('./find-server.mjs').DockerServer} docker
   * @param {string[]} flags
   */
  constructor(docker, flags) {
    this.docker = docker;
    this.flags = flags;
  }

  /** The pid of the running server as the Docker host sees it, or undefined. */
  get pid() {
    return this.#pid;
  }

  /** What the watchdog needs to end this server; see watchdog.mjs. */
  get handle() {
    return `container ${this.#container}`;
  }

  async prepare() {
    await run('docker', ['pull', '--quiet', this.docker.image]);
  }

  /** @param {number} port */
  async launch(port) {
    if (this.#created) await run('docker', ['start', this.#container]);
    else await this.#create(port);
    this.#created = true;
    const inspect = ['inspect', '--format', '{{.State.Pid}}', this.#container];
    this.#pid = Number((await run('docker', inspect)).stdout);
    const wait = spawn('docker', ['wait', this.#container], { stdio: 'ignore' });
    wait.unref(); // a test run that forgets its server still ends
    this.#wait = wait;
    this.#exited = new Promise((resolve) => {
      wait.once('exit', () => {
        this.#pid = undefined;
        resolve();
      });
    });
  }

  /** @param {'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} signal */
  async signal(signal) {
    if (!this.isRunning()) return;
    if (signal === 'SIGSTOP') await run('docker', ['pause', this.#container]);
    else if (signal === 'SIGCONT') await run('docker', ['unpause', this.#container]);
    else await run('docker', ['kill', '--signal', signal, this.#container]);
  }

  /** Resolves when the container has stopped. */
  exited() {
    // Whoever waits must be kept alive for it: Node would end, successfully, in the middle.
    this.#wait?.ref();
    return this.#exited;
  }

  isRunning() {
    return this.#pid !== undefined;
  }

  log() {
    return this.#created
      ? execFileSync('docker', ['logs', this.#container], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      : '';
  }

  /** @param {number} port */
  async #create(port) {
    await run('docker', [
      'run',
      '--detach',
      `--name=${this.#container}`,
      `--publish=127.0.0.1:${port}:3306`,
      '--env=MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1',
      this.docker.image,
      '--skip-name-resolve',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=64M',
      '--max-connections=200',
      ...this.flags,
    ]);
  }
}
