import { randomUUID } from 'node:crypto';

import { type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProvider,
  ClientsModule,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { type DynamicModule } from '@nestjs/common';

import { isReachable } from './reachable.js';

/** A transport of `@nestjs/microservices`, as the two ends of it are configured. */
export interface Bus {
  readonly name: string;
  /** Why it cannot be tested here; undefined when it can. */
  readonly missing?: string | undefined;
  readonly options: MicroserviceOptions & ClientProvider;
}

const SERVERS = [
  { name: 'NATS', port: 4222, options: natsAt },
  { name: 'Redis', port: 6379, options: redisAt },
] as const;

/** TCP, which needs no server, and what has one on this machine. */
export async function buses(tcpPort: number): Promise<Bus[]> {
  const brokers = SERVERS.map(async ({ name, port, options }): Promise<Bus> => {
    const missing = (await isReachable(port))
      ? undefined
      : `no ${name} server answers at 127.0.0.1:${port}`;
    return { name, missing, options: options(port) };
  });
  return [{ name: 'TCP', options: tcpAt(tcpPort) }, ...(await Promise.all(brokers))];
}

export function tcpAt(port: number): Bus['options'] {
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
}

export function natsAt(port: number): Bus['options'] {
  return { transport: Transport.NATS, options: { servers: [`nats://127.0.0.1:${port}`] } };
}

export function redisAt(port: number): Bus['options'] {
  return { transport: Transport.REDIS, options: { host: '127.0.0.1', port } };
}

/** A pattern of its own: other tests may use the same broker. */
export const uniquePattern = () => `eventx.test.${randomUUID()}`;

/** The module of a client, under the token `BUS`. */
export function busClient(options: Bus['options']): DynamicModule {
  return ClientsModule.register([{ name: 'BUS', ...options }]);
}

/** Starts a microservice that listens. */
export async function startMicroservice(
  options: Bus['options'],
  imports: readonly (Type | DynamicModule)[],
  controllers: readonly Type[],
): Promise<INestMicroservice> {
  @Module({ imports: [...imports], controllers: [...controllers] })
  class MicroserviceModule {}

  const service = await NestFactory.createMicroservice<MicroserviceOptions>(MicroserviceModule, {
    ...options,
    logger: false,
    abortOnError: false,
  });
  await service.listen();
  return service;
}
