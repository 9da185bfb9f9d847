import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REGISTER = new URL('./typescript/register.mjs', import.meta.url).href;
const WATCHDOG = fileURLToPath(new URL('./server/watchdog.mjs', import.meta.url));
const STOP_TIMEOUT_MS = 60_000;
/** The tests' own options are not for children. */
const ENVIRONMENT = { ...process.env, NODE_OPTIONS: '' };

/**
 * A part of a test in a process of its own, which can be killed and hung. It gets its settings as JSON in its only argument and
 * says a line of JSON for whatever happens, `{"ready":true}` when it runs. It ends with the test, however that ends.
 * @typeParam R what it says
 */
export class TestProcess<R extends { readonly ready?: true }> {
  private readonly child: ChildProcess;
  private readonly watchdog: ChildProcess;
  private readonly exited: Promise<unknown>;
  private stderr = '';

  private constructor(
    private readonly main: URL,
    settings: unknown,
  ) {
    const argv = ['--import', REGISTER, fileURLToPath(main), JSON.stringify(settings)];
    this.child = spawn(process.execPath, argv, { env: ENVIRONMENT });
    this.child.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.child.stdin!.on('error', () => undefined);
    this.exited = once(this.child, 'close');
    this.watchdog = spawn(process.execPath, [WATCHDOG], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: ENVIRONMENT,
    });
    this.watchdog.stdin!.on('error', () => undefined);
    // A process that is stopped does not notice the end of its input.
    this.watchdog.stdin!.write(`pid ${this.child.pid}\n`);
  }

  /** Resolves when it runs. @param hear told of every line */
  static async start<R extends { readonly ready?: true }>(
    main: URL,
    settings: unknown,
    hear: (report: R) => void = () => undefined,
  ): Promise<TestProcess<R>> {
    const started = new TestProcess<R>(main, settings);
    const isReady = await Promise.race([
      started.listen(hear).then(() => true),
      started.exited.then(() => false),
    ]);
    if (isReady) return started;
    await started.kill();
    throw new Error(`${started.name} did not start: ${started.stderr}`);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Hands it a line of JSON on its standard input. */
  tell(order: object): void {
    this.child.stdin!.write(`${JSON.stringify(order)}\n`);
  }

  /** Freezes it where it is. */
  suspend(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it in the middle of what it does. What it had said by then has been heard. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone();
  }

  /** Lets it shut down (SIGTERM). @throws when it did not end well, or in time */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.gone();
    clearTimeout(late);
    const { exitCode, signalCode } = this.child;
    // Nest's shutdown hooks end with the signal itself.
    if (exitCode === 0 || (signalCode === 'SIGTERM' && this.stderr === '')) return;
    throw new Error(
      `${this.name} did not end well (exit code ${exitCode}, signal ${signalCode}): ${this.stderr}`,
    );
  }

  private get name(): string {
    return this.main.pathname.split('/').at(-1)!;
  }

  private async gone(): Promise<void> {
    await this.exited;
    this.watchdog.stdin!.end('none\n');
  }

  /** Resolves when it is ready. */
  private listen(hear: (report: R) => void): Promise<void> {
    return new Promise((resolve) => {
      createInterface({ input: this.child.stdout! }).on('line', (line) => {
        const report = parse<R>(line);
        if (report) hear(report);
        if (report?.ready) resolve();
      });
    });
  }
}

/** Of the last line a killed process may have written only the beginning. */
function parse<R>(line: string): R | undefined {
  try {
    return JSON.parse(line) as R;
  } catch {
    return undefined;
  }
}
