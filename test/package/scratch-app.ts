import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SOURCES = fileURLToPath(new URL('./app', import.meta.url));
const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const TIMEOUT_MS = 120_000;

export interface Manifest {
  /** As which kind of modules its TypeScript is compiled. */
  readonly type: 'commonjs' | 'module';
  readonly dependencies: Readonly<Record<string, string>>;
}

/** An application that uses the package as it is published, in a folder of its own outside of the repository. */
export class ScratchApp {
  private constructor(
    private readonly folder: string,
    private readonly files: readonly string[],
  ) {}

  /** @param sources its files, by path. @default those of the folder `app` */
  static async install(
    manifest: Manifest,
    sources?: Readonly<Record<string, string>>,
  ): Promise<ScratchApp> {
    const files = sources ? Object.keys(sources) : ['main.ts', 'consumer.ts'];
    const app = new ScratchApp(await mkdtemp(join(tmpdir(), 'eventx-app-')), files);
    try {
      if (!sources) await cp(SOURCES, app.folder, { recursive: true });
      for (const [path, text] of Object.entries(sources ?? {})) {
        await mkdir(join(app.folder, dirname(path)), { recursive: true });
        await writeFile(join(app.folder, path), text);
      }
      await app.write('package.json', { name: 'scratch', private: true, ...manifest });
      await app.npm('install');
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  /** Installs more, or other versions. */
  async add(dependencies: Readonly<Record<string, string>>): Promise<void> {
    const specs = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    await this.npm('install', ...specs);
  }

  /** Compiles it with the types of what is installed; with `noEmit` it only checks them. */
  async compile(compilerOptions: object): Promise<void> {
    await this.write('tsconfig.json', {
      compilerOptions: {
        target: 'es2022',
        strict: true,
        esModuleInterop: true,
        types: ['node'],
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        rootDir: '.',
        ...compilerOptions,
      },
      files: this.files,
    });
    await this.exec(process.execPath, TSC, '-p', 'tsconfig.json');
  }

  /** Runs what was compiled. @returns what it printed */
  async run(args: readonly string[], nodeFlags: readonly string[] = []): Promise<unknown> {
    return JSON.parse(await this.exec(process.execPath, ...nodeFlags, 'main.js', ...args));
  }

  /** Starts what was compiled, as a process that goes on until it is ended. */
  start(program: string, env: Readonly<Record<string, string>>): ChildProcess {
    return spawn(process.execPath, [program], {
      cwd: this.folder,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private async npm(...args: string[]): Promise<void> {
    await this.exec('npm', ...args, '--prefer-offline', '--no-audit', '--no-fund');
  }

  private async write(file: string, content: object): Promise<void> {
    await writeFile(join(this.folder, file), JSON.stringify(content));
  }

  private async exec(program: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, NODE_OPTIONS: '' };
    try {
      return (await run(program, args, { cwd: this.folder, timeout: TIMEOUT_MS, env })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, {
        cause: error,
      });
    }
  }
}
