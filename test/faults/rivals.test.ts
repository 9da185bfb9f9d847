import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';

const EVENTS = 1000;
/** Never at rest, so that they are in each other's way all the time. */
const options = { pollInterval: 1 };

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

describe('G6 any replica: several runners number one log, every subscriber sees the same', () => {
  test('two in one process', async () => {
    await lab.replica('anna', { options });
    await lab.replica('ben', { options });
    await lab.passes(EVENTS);
    expect(await lab.finish()).toEqual([]);
  });

  test('three in one process, one with the statements for MySQL', async () => {
    await lab.replica('anna', { options });
    await lab.replica('ben', { options });
    await lab.replica('carl', { options, statements: 'mysql' });
    await lab.passes(EVENTS);
    expect(await lab.finish()).toEqual([]);
  });

  test('one in each of two processes', async () => {
    await Promise.all([lab.process('anna', { options }), lab.process('ben', { options })]);
    await lab.passes(EVENTS);
    expect(await lab.finish()).toEqual([]);
  });
});
