import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { type EventxEvent, OnEventx } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { AT_ONCE, startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { NestRecording } from '../../support/recording-nest.js';

@Injectable()
class Mailer {
  @OnEventx('order.placed', {
    consumer: 'mailer',
    startFrom: 'earliest',
    retry: { attempts: 4, backoff: AT_ONCE },
    afterRetries: 'park',
  })
  onOrder({ data }: EventxEvent) {
    return nameOf(data as { customer?: { name: string } });
  }
}

function nameOf({ customer }: { customer?: { name: string } }): string {
  return customer!.name;
}

@Module({ providers: [Mailer] })
class MailModule {}

const CALL = 'handler Mailer.onOrder, seq 1 (id 1, type "order.placed"), attempt';
const WHY = "Cannot read properties of undefined (reading 'name')";

describe('a handler that fails is loud', () => {
  const undo = cleanUpAfterEach();
  let recording: NestRecording;
  let stop: () => void;
  beforeEach(() => {
    recording = new NestRecording();
  });
  afterEach(() => stop());
  const lines = (pattern: RegExp) => recording.lines.filter((line) => pattern.test(line));

  test('the first failure says where in the code, each says which handler and what it was at', async () => {
    const app = await startConsumerAppOn('sqlite', { imports: [MailModule] });
    undo(() => app.close());
    stop = recording.start();
    await app.write({ type: 'order.placed', data: { note: 'private' } });
    await app.finished('mailer');

    const failed = lines(/ failed \(/);
    expect(failed).toHaveLength(4);
    failed.forEach((line, index) =>
      expect(line).toContain(`Consumer "mailer": ${CALL} ${index + 1} failed (`),
    );
    expect(failed[0]).toMatch(/^error: [^\n]*\n\s+at .*loud-failures[^]*onOrder/);
    for (const later of failed.slice(1)) {
      expect(later).toMatch(/^warn: /);
      expect(later).not.toContain('\n');
    }
    const [letter] = await app.letters.list();
    expect(letter).toMatchObject({ consumer: 'mailer', seq: 1, type: 'order.placed', attempts: 4 });
    expect(letter!.failures).toEqual(
      [1, 2, 3, 4].map((attempt) => ({
        at: expect.any(String),
        error: WHY,
        handler: 'Mailer.onOrder',
        attempt,
      })),
    );
    expect(lines(/parked/)[0]).toContain(`${CALL} 4`);
    expect(recording.text).not.toContain('private');
  });

  test('so is the last error, while it fails, and the reason of a halt; and since when is known', async () => {
    const app = await startConsumerAppOn('sqlite');
    undo(() => app.close());
    stop = recording.start();
    const attempts = new Attempts().fail(2);
    app.consume({
      name: 'c',
      retry: { attempts: 3 },
      handle: function settle({ seq }) {
        attempts.call(seq);
      },
    });
    await app.write('a', 'b');
    const { lastError, failingSince } = await app.became('c', 'halted');
    expect(lastError).toMatch(
      /"c" halted at seq 2 after 3 attempt\(s\): no luck with 2\. Last was handler settle, seq 2 \(id 2, type "b"\), attempt 3/,
    );
    expect(failingSince).toBeInstanceOf(Date);
    attempts.mend();
    await app.consumers.resume('c');
    expect(await app.finished('c')).toMatchObject({ lastError: null, failingSince: null });
  });

  test('each streak of failures says it once, and a batch says which handler', async () => {
    const app = await startConsumerAppOn('sqlite');
    undo(() => app.close());
    stop = recording.start();
    const attempts = new Attempts().fail(2, 3).fail(3, 3);
    app.consume({ name: 'c', handle: ({ seq }) => attempts.call(seq) });
    app.consume({
      name: 'batch',
      batch: true,
      handlers: [
        { types: 'a', handle: () => undefined },
        {
          types: 'b',
          name: 'Totals.add',
          handle: (events) => {
            if (events.length > 1) throw new Error('too many');
          },
        },
      ],
    });
    await app.write('a', 'b', 'b');
    await app.finished('c');
    await app.finished('batch');
    const withStack = lines(/Consumer "c".* failed \([^]*\n\s+at /);
    expect(withStack.map((line) => /seq (\d)/.exec(line)![1])).toEqual(['2', '3']);
    expect(lines(/Consumer "c".* failed \(/)).toHaveLength(6);
    expect(lines(/Consumer "batch": handler Totals\.add, .*one at a time: too many/)).toHaveLength(
      1,
    );
  });
});
