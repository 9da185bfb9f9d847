import type { AddressInfo } from 'node:net';

import {
  type DynamicModule,
  type INestApplication,
  Module,
  type Provider,
  type Type,
  type VersioningOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export interface HttpModule {
  readonly imports?: readonly (Type | DynamicModule)[];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
}

export interface HttpApp {
  readonly app: INestApplication;
  /** Where it listens, with the prefix, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** What can be under an application that serves HTTP. */
const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };
export type HttpAdapter = keyof typeof ADAPTERS;

let adapterOfThisFile: HttpAdapter = 'express';

/** Lets the applications of this test file run on another adapter than Express. */
export function useHttpAdapter(adapter: HttpAdapter): void {
  adapterOfThisFile = adapter;
}

/** What the applications of this test file run on. */
export function httpAdapter(): HttpAdapter {
  return adapterOfThisFile;
}

/** How it listens. */
export interface Listening {
  /** @default that of this test file, which is Express */
  readonly adapter?: HttpAdapter | undefined;
  /** In front of every path, as applications set it. @default none */
  readonly prefix?: string | undefined;
  /** How the application tells versions of its API apart. @default not at all */
  readonly versioning?: VersioningOptions | undefined;
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined;
  /** Whether its shutdown waits until its clients have gone, as Nest does by default. @default false */
  readonly patient?: boolean | undefined;
}

/** Starts an application that serves HTTP. */
export async function startHttp(
  { imports = [], controllers = [], providers = [] }: HttpModule,
  { adapter = adapterOfThisFile, prefix, versioning, port = 0, patient = false }: Listening = {},
): Promise<HttpApp> {
  @Module({
    imports: [...imports],
    controllers: [...controllers],
    providers: [...providers],
  })
  class HttpAppModule {}

  const app = await NestFactory.create(HttpAppModule, new ADAPTERS[adapter](), {
    logger: false,
    abortOnError: false,
    forceCloseConnections: !patient,
  });
  if (prefix !== undefined) app.setGlobalPrefix(prefix);
  if (versioning) app.enableVersioning(versioning);
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const server = app.getHttpServer() as { address(): AddressInfo };
  return {
    app,
    url: `http://127.0.0.1:${server.address().port}${prefix === undefined ? '' : `/${prefix}`}`,
    close: () => app.close(),
  };
}
