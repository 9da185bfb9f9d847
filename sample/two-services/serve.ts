import 'reflect-metadata';

import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { reasonOf } from '../shared/startup.error.js';

/** What a service tells whoever started it. */
export type Answer = { readonly url: string } | { readonly failure: string };

/** Runs one of the services, until SIGTERM or until whoever started it is gone. */
export async function serve(module: Type): Promise<void> {
  let app: INestApplication | undefined;
  try {
    app = await NestFactory.create(module, {
      logger: ['fatal', 'error', 'warn'],
      abortOnError: false,
      // Clients keep connections open, which would hold up the end.
      forceCloseConnections: true,
    });
    app.enableShutdownHooks();
    await app.listen(Number(process.env.PORT ?? 0));
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.send?.({ url: await app.getUrl() } satisfies Answer);
  } catch (error) {
    process.send?.({ failure: reasonOf(error) } satisfies Answer);
    process.exitCode = 1;
    await app?.close();
    process.disconnect?.();
  }
}
