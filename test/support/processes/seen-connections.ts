import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** A connection as the server sees it. */
export interface SeenConnection {
  /** How many requests came on it. */
  requests: number;
  /** Who hung up first; undefined while it is open. */
  endedBy: 'client' | 'server' | undefined;
}

/** Watches the connections that a server gets from now on. */
export function seeConnections(server: Server): readonly SeenConnection[] {
  const seen: SeenConnection[] = [];
  const bySocket = new Map<Socket, SeenConnection>();
  server.on('connection', (socket: Socket) => {
    const connection: SeenConnection = { requests: 0, endedBy: undefined };
    seen.push(connection);
    bySocket.set(socket, connection);
    socket.once('end', () => (connection.endedBy ??= 'client'));
    socket.once('error', () => (connection.endedBy ??= 'client'));
    socket.once('finish', () => (connection.endedBy ??= 'server'));
    socket.once('close', () => (connection.endedBy ??= 'server'));
  });
  server.on('request', ({ socket }: IncomingMessage) => bySocket.get(socket)!.requests++);
  return seen;
}
