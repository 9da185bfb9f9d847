import { EventxRunner } from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

// Runs a runner twice, and awaits neither: ready when that has ended nothing.
const forever = new AbortController().signal;
const runner = new EventxRunner(new InMemoryEventStorage());
void runner.run(forever);
void runner.run(forever);
setImmediate(() => process.stdout.write('{"ready":true}\n'));
