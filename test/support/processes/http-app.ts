import type { AddressInfo } from 'node:net';

import { type DynamicModule, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

export interface HttpModule {
  readonly imports?: readonly (Type | DynamicModule)[];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Type[];
}

export interface HttpApp {
  readonly app: INestApplication;
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** How it listens. */
export interface Listening {
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined;
  /** Whether its shutdown waits until its clients have gone, as Nest does by default. @default false */
  readonly patient?: boolean | undefined;
}

/** Starts an application that serves HTTP. */
export async function startHttp(
  { imports = [], controllers = [], providers = [] }: HttpModule,
  { port = 0, patient = false }: Listening = {},
): Promise<HttpApp> {
  @Module({
    imports: [...imports],
    controllers: [...controllers],
    providers: [...providers],
  })
  class HttpAppModule {}

  const app = await NestFactory.create(HttpAppModule, {
    logger: false,
    abortOnError: false,
    forceCloseConnections: !patient,
  });
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const server = app.getHttpServer() as { address(): AddressInfo };
  return {
    app,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => app.close(),
  };
}
