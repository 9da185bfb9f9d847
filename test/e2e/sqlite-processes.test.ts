import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import libsql from 'libsql';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, EntitySchema } from 'typeorm';
import { serializeSqlite } from '../../lib/typeorm/dialects/sqlite/serialize-sqlite.js';
import { tempSqliteFile, type TempSqliteFile } from '../support/databases.js';

interface Counter {
  id: number;
  value: number;
}

const CounterEntity = new EntitySchema<Counter>({
  name: 'Counter',
  tableName: 'counters',
  columns: { id: { type: Number, primary: true }, value: { type: Number } },
});

/** Reads, then writes: what goes wrong when two of them interleave. */
const CHILD = `
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { serializeSqlite } from './lib/typeorm/dialects/sqlite/serialize-sqlite.js';

const require = createRequire(${JSON.stringify(join(process.cwd(), 'package.json'))});
const { DataSource, EntitySchema } = require('typeorm');
const Counter = new EntitySchema({
  name: 'Counter',
  tableName: 'counters',
  columns: { id: { type: Number, primary: true }, value: { type: Number } },
});
const [database, work, amount] = process.argv.slice(2);
const dataSource = new DataSource({
  type: 'better-sqlite3', driver: require('libsql'), database, entities: [Counter], synchronize: true,
});
serializeSqlite(dataSource);
await dataSource.initialize();

const works = {
  async increment() {
    for (let n = 0; n < Number(amount); n++) {
      await dataSource.transaction(async (manager) => {
        const counter = await manager.findOneBy(Counter, { id: 1 });
        await sleep(1);
        await manager.save(Counter, { id: 1, value: (counter?.value ?? 0) + 1 });
      });
    }
  },
  async hold() {
    await dataSource.transaction(async (manager) => {
      await manager.save(Counter, { id: 1, value: 1 });
      console.log('open');
      await sleep(Number(amount));
    });
  },
  async insert() {
    for (let id = 1; ; id++) {
      await dataSource.transaction((manager) => manager.insert(Counter, { id, value: id }));
      // Written at once, so that the parent knows of it if we are killed right after.
      require('node:fs').writeSync(1, id + '\\n');
    }
  },
};
await works[work]();
await dataSource.destroy();
`;

type Child = ChildProcessByStdio<null, Readable, Readable>;

describe('several users of one SQLite file', () => {
  let folder: string;
  let file: TempSqliteFile;
  const dataSources: DataSource[] = [];
  const children: Child[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eventx-sqlite-child-'));
    for (const part of ['lib', 'lib/util', 'lib/typeorm/dialects/sqlite'])
      await transpile(part, folder);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'child.js'), CHILD);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(() => {
    file = tempSqliteFile();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const dataSource of dataSources.splice(0)) {
      if (dataSource.isInitialized) await dataSource.destroy();
    }
    file.remove();
  });

  const open = async (options: object = {}) => {
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: libsql,
      database: file.path,
      entities: [CounterEntity],
      synchronize: true,
      ...options,
    });
    dataSources.push(dataSource);
    serializeSqlite(dataSource);
    return dataSource.initialize();
  };
  const increment = (dataSource: DataSource) =>
    dataSource.transaction(async (manager) => {
      const counter = await manager.findOneBy(CounterEntity, { id: 1 });
      await sleep(1);
      await manager.save(CounterEntity, { id: 1, value: (counter?.value ?? 0) + 1 });
    });
  const value = async (dataSource: DataSource) =>
    (await dataSource.getRepository(CounterEntity).findOneBy({ id: 1 }))?.value;

  const start = (work: string, amount = 0): Child => {
    const child = spawn(
      process.execPath,
      [join(folder, 'child.js'), file.path, work, String(amount)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    children.push(child);
    return child;
  };
  const succeeded = async (child: Child) => {
    const errors: unknown[] = [];
    child.stderr.on('data', (data) => errors.push(data));
    const [code] = (await once(child, 'exit')) as [number];
    if (code !== 0) throw new Error(`The child process failed: ${errors.join('')}`);
  };

  it('of one process take turns', async () => {
    const [one, two] = [await open(), await open()];
    await Promise.all(Array.from({ length: 20 }, () => [increment(one), increment(two)]).flat());

    expect(await value(one)).toBe(40);
  });

  it('of several processes that start together lose nothing', async () => {
    await Promise.all(
      [start('increment', 25), start('increment', 25), start('increment', 25)].map(succeeded),
    );

    expect(await value(await open())).toBe(75);
  });

  it('of another process are waited for while this one goes on with its other work', async () => {
    const dataSource = await open();
    const child = start('hold', 1_200);
    const ended = succeeded(child);
    await once(child.stdout, 'data');

    const turns = countTurns();
    const outsideOfATransaction = dataSource.query('UPDATE counters SET value = value + 10');
    await Promise.all([increment(dataSource), outsideOfATransaction]);

    expect(turns.stop()).toBeGreaterThan(MANY_TURNS);
    await ended;
    expect(await value(dataSource)).toBe(12);
  });

  it('of another process that does not finish end in an error, and do not block this one', async () => {
    const dataSource = await open({ timeout: 1_000 });
    const other = new libsql(file.path);
    other.exec('BEGIN IMMEDIATE');

    const turns = countTurns();
    await expect(increment(dataSource)).rejects.toThrow('database is locked');
    await expect(dataSource.query('UPDATE counters SET value = 0')).rejects.toMatchObject({
      driverError: { code: 'SQLITE_BUSY' },
    });
    expect(turns.stop()).toBeGreaterThan(MANY_TURNS);

    other.exec('ROLLBACK');
    await increment(dataSource);
    await dataSource.query('UPDATE counters SET value = value + 10');
    // The other sees it: it was committed.
    expect(other.prepare('SELECT value FROM counters').all()).toEqual([{ value: 11 }]);
    other.close();
  });

  it('of another process that begin in the last moment leave no statement behind that blocks commits', async () => {
    const dataSource = await open({ timeout: 50 });
    const other = new libsql(file.path);
    // Between our look at the database and our statement.
    dataSource.subscribers.push({ beforeQuery: () => void other.exec('BEGIN IMMEDIATE') });
    await expect(dataSource.query('UPDATE counters SET value = 0')).rejects.toThrow('locked');
    other.exec('ROLLBACK');
    await expect(increment(dataSource)).rejects.toThrow('locked');
    other.exec('ROLLBACK');
    dataSource.subscribers.length = 0;

    await increment(dataSource);
    await dataSource.query('UPDATE counters SET value = value + 10');
    expect(other.prepare('SELECT value FROM counters').all()).toEqual([{ value: 11 }]);
    other.close();
  });

  it('may read while another process writes', async () => {
    const dataSource = await open();
    const child = start('hold', 60_000);
    await once(child.stdout, 'data');

    expect(await value(dataSource)).toBeUndefined();
  });

  it('find every acknowledged commit of a process that was killed', async () => {
    for (const acknowledgements of [1, 50, 150]) {
      const child = start('insert');
      const lines = createInterface({ input: child.stdout });
      const closed = once(lines, 'close');
      let last = 0;
      lines.on('line', (line) => {
        last = Number(line);
        if (last === acknowledgements) child.kill('SIGKILL');
      });
      await closed;

      const dataSource = await open();
      const rows = await dataSource.getRepository(CounterEntity).find({ order: { id: 'ASC' } });
      expect(last).toBeGreaterThanOrEqual(acknowledgements);
      expect(rows.length).toBeGreaterThanOrEqual(last);
      expect(rows.map((row) => row.id)).toEqual(rows.map((_, index) => index + 1));
      await dataSource.getRepository(CounterEntity).clear();
    }
  });
});

/** More than a wait that blocks leaves room for: one that does not makes tens of thousands a second. */
const MANY_TURNS = 2_000;

/** Counts the turns that the event loop makes, which are next to none while something blocks it. */
function countTurns(): { stop(): number } {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = () => {
    turns++;
    next = setImmediate(turn);
  };
  turn();
  return {
    stop() {
      clearImmediate(next);
      return turns;
    },
  };
}

/** A child process has no jest that would translate TypeScript for it. */
async function transpile(part: string, folder: string): Promise<void> {
  await mkdir(join(folder, part), { recursive: true });
  for (const name of await readdir(part)) {
    if (!name.endsWith('.ts')) continue;
    const { code } = await transformFile(join(part, name), {
      swcrc: false,
      module: { type: 'es6' },
      jsc: { target: 'es2023', parser: { syntax: 'typescript', decorators: true } },
    });
    await writeFile(join(folder, part, name.replace(/\.ts$/, '.js')), code);
  }
}
