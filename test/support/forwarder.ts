import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A client that has connected, and the connection to the server that was made for it. */
export interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Ends both. */
  readonly cut: () => void;
}

/** Stands between a server and its clients: connects each of them, and leaves it to others what becomes of the data. */
export class Forwarder {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  /** @param forward told of each new connection; nothing is forwarded but by it */
  constructor(
    private readonly target: URL,
    private readonly forward: (pair: Pair) => void,
  ) {
    this.server = createServer((client) => this.accept(client));
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The target by this way. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => (this.sockets.delete(socket), cut()));
      socket.on('error', cut);
    }
    this.forward({ client, server, cut });
  }
}
