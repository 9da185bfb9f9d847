import { beforeEach, describe, expect, test } from '@jest/globals';

import { SequencerBench } from '../support/sequencer.js';

describe('G8 truncation: the sequencer', () => {
  let log: SequencerBench;
  beforeEach(async () => {
    log = new SequencerBench();
    log.insert(6);
    await log.drain();
  });

  test('tells of a log that moved back, once, and goes on with what is there', async () => {
    log.replaceLog();
    log.insert(4);
    await log.rival();
    await log.drain();
    expect(log.truncations).toEqual([[6, 4]]);
    expect(log.window.generation).toBe(1);
    log.insert(1);
    await log.drain();
    await log.expectAll(5);
    expect(log.truncations).toHaveLength(1);
  });

  test('finds out also when it has numbers to give', async () => {
    log.replaceLog();
    log.insert(2);
    await log.drain();
    expect(log.truncations).toEqual([[6, 0]]);
    await log.expectAll(2);
  });

  test('finds out after the log has grown past it again: another event is where its last was', async () => {
    log.replaceLog();
    const [first] = log.insert(9);
    log.table.delete(first!);
    await log.rival();
    await log.drain();
    expect(log.truncations).toEqual([[6, 8]]);
    await log.expectAll(8);
  });

  test('finds out by the epoch, wherever the log stands', async () => {
    const readState = log.table.readState.bind(log.table);
    log.table.readState = async () => ({ ...(await readState()), logId: 'another' });
    log.invalidate();
    await log.drain();
    expect(log.truncations).toEqual([[6, 6]]);
  });
});
