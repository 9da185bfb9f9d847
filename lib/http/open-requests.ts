import type { IncomingMessage, ServerResponse } from 'node:http';

import { ServiceUnavailableException } from '@nestjs/common';

/** Node's own objects, under Express or Fastify. */
export type Raw<T> = T & { readonly raw?: T; hijack?(): void };
export type RawRequest = Raw<IncomingMessage>;
export type RawResponse = Raw<ServerResponse>;

/**
 * Makes this the last answer on its connection: a client that goes on asking on a connection it keeps would hold up the shutdown of
 * the server for ever.
 */
export function hangUp(request: RawRequest, response: RawResponse): void {
  // HTTP/2 has no such header; there the server itself says that it goes away.
  if ((request.raw ?? request).httpVersionMajor > 1) return;
  const out = response.raw ?? response;
  if (!out.headersSent) out.setHeader('connection', 'close');
}

/**
 * Does what a request asks for, and hangs up behind the answer if by then the log is not followed any more: a server that is closed
 * hangs up on those that ask for nothing, but one that has yet to get its answer may keep its connection, and the server waits for it.
 */
export async function answering<T>(
  request: RawRequest,
  response: RawResponse,
  isFollowed: () => boolean,
  work: () => T | Promise<T>,
): Promise<T> {
  const { socket, httpVersionMajor } = request.raw ?? request;
  // It may take long to send what the client is slow to read.
  const onSent = () => void (isFollowed() || httpVersionMajor > 1 || socket.end());
  (response.raw ?? response).once('finish', onSent);
  try {
    return await work();
  } finally {
    if (!isFollowed()) hangUp(request, response);
  }
}

/** Requests that stay open, of which there are only so many at a time. */
export class OpenRequests {
  private count = 0;

  constructor(private readonly most: number) {}

  /**
   * Does something for a request that may take long.
   * @param work is given a signal that aborts when the client has gone
   * @throws ServiceUnavailableException when there are too many
   */
  async during<T>(request: RawRequest, work: (closed: AbortSignal) => Promise<T>): Promise<T> {
    if (this.count >= this.most) {
      throw new ServiceUnavailableException(
        `Already ${this.most} requests wait or stream. Try again later.`,
      );
    }
    const closed = new AbortController();
    const { socket } = request.raw ?? request;
    const onClose = () => closed.abort();
    socket.once('close', onClose);
    // It may have gone while a guard was thinking: then there is no event to come.
    if (socket.destroyed) onClose();
    this.count++;
    try {
      return await work(closed.signal);
    } finally {
      this.count--;
      socket.off('close', onClose);
    }
  }
}
