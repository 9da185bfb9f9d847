import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import { beforeEach, describe, expect, test } from '@jest/globals';
import { remoteStorage } from 'nestjs-eventx';

import { HttpClient } from '../../lib/http/http-client.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';
const later = cleanUpAfterEach();

let client: HttpClient;
beforeEach(() => {
  client = new HttpClient();
  later(() => client.letGo());
});

/** A server that does with each request what a test says. @param onRequest given how many came before on this connection */
async function listen(onRequest: (socket: Socket, before: number) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let requests = 0;
    socket.on('data', () => onRequest(socket, requests++));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/path`);
}

const send = (url: URL, timeout = 30_000, signal?: AbortSignal) =>
  client.send(url, { headers: {}, timeout, signal });

describe('a request', () => {
  test('goes over the connection of the one before', async () => {
    const seen: number[] = [];
    const url = await listen((socket, before) => {
      seen.push(before);
      socket.write(ANSWER);
    });
    for (let times = 0; times < 3; times++) {
      expect(await send(url)).toEqual({ ok: true, status: '200 OK', body: 'hi' });
    }
    expect(seen).toEqual([0, 1, 2]);
  });

  test('is sent again where the server has just closed the connection that was kept', async () => {
    const url = await listen((socket, before) => {
      if (before === 0) socket.write(ANSWER);
      else socket.resetAndDestroy();
    });
    for (let times = 0; times < 3; times++) expect((await send(url)).ok).toBe(true);
  });

  test('is not sent again where a new connection is lost', async () => {
    let requests = 0;
    const url = await listen((socket) => {
      requests++;
      socket.resetAndDestroy();
    });
    await expect(send(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(requests).toBe(1);
  });

  test.each([
    ['never comes', ''],
    ['comes to no end', 'HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nhi'],
  ])('gives up when its answer %s', async (_what, answer) => {
    const url = await listen((socket) => void socket.write(answer));
    await expect(send(url, 50)).rejects.toThrow('it did not answer within 50 ms');

    const stop = new AbortController();
    const stopped = expect(send(url, 30_000, stop.signal)).rejects.toThrow('not needed any more');
    stop.abort(new Error('not needed any more'));
    await stopped;
    await expect(send(url, 30_000, stop.signal)).rejects.toThrow('not needed any more');
  });

  test('fails when its answer is cut', async () => {
    const url = await listen((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi'),
    );
    await expect(send(url)).rejects.toThrow();
  });
});

test('a connection that is in use when they are let go of is closed after its answer', async () => {
  let answer = (): void => undefined;
  const seen: number[] = [];
  const url = await listen((socket, before) => {
    seen.push(before);
    answer = () => void socket.write(ANSWER);
    if (seen.length > 1) answer();
  });
  const sent = send(url);
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  client.letGo();
  answer();
  expect((await sent).body).toBe('hi');
  await send(url);
  expect(seen).toEqual([0, 0]);
  client.keep();
  await send(url);
  await send(url);
  expect(seen).toEqual([0, 0, 0, 1]);
});

test('an answer that is no JSON is not quoted: there may be payloads in it', async () => {
  const body = '{"events":[{"data":"secret" secret}]}';
  const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const url = await listen((socket) => void socket.write(answer));
  const storage = remoteStorage({ url: url.href });
  later(() => storage.close?.());
  await expect(storage.readState()).rejects.toThrow(/sent something else than a log/);
  await expect(storage.readState()).rejects.not.toThrow(/secret/);
});
