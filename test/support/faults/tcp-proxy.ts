import { Forwarder, type Pair } from '../forwarder.js';

/** What can become of a statement on its way. */
export type Mishap =
  /** The server gets it and carries it out; then the connection is lost. */
  | 'the answer is lost'
  /** The server gets it and carries it out; the answer never comes, the connection stays. */
  | 'the answer never comes'
  /** The connection is lost before the server gets it. */
  | 'the statement is lost'
  /** The server gets half of it; then the connection is lost. */
  | 'half of the statement is lost'
  /** The server gets half of it and waits for the rest. */
  | 'half of the statement never comes'
  /** The server gets it when `release` is called. */
  | 'the statement is late';

/** A statement stands at the beginning of its packet, behind the header. */
const HEADER_BYTES = 16;

/** A network between a database and its clients, in which things go wrong as a test says. */
export class TcpProxy {
  /** Asked for every packet of a client; given the beginning of its text. */
  mishap: (statement: string) => Mishap | undefined = () => undefined;

  private readonly late: (() => void)[] = [];
  private readonly forwarder: Forwarder;

  private constructor(target: URL) {
    this.forwarder = new Forwarder(target, (pair) => this.forward(pair));
  }

  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url));
    await proxy.forwarder.listen();
    return proxy;
  }

  /** The database by way of the proxy. */
  get url(): string {
    return this.forwarder.url;
  }

  /** Lets late statements through. */
  release(): void {
    for (const send of this.late.splice(0)) send();
  }

  async close(): Promise<void> {
    await this.forwarder.close();
  }

  private forward({ client, server, cut }: Pair): void {
    let onAnswer = (answer: Buffer): void => void client.write(answer);
    server.on('data', (answer) => onAnswer(answer));
    client.on('data', (packet) => {
      const half = packet.subarray(0, packet.length / 2);
      switch (this.mishap(packet.toString('latin1', 0, HEADER_BYTES + 64))) {
        case 'the answer is lost':
          onAnswer = cut;
          server.write(packet);
          break;
        case 'the answer never comes':
          onAnswer = () => undefined;
          server.write(packet);
          break;
        case 'the statement is lost':
          cut();
          break;
        case 'half of the statement is lost':
          server.write(half, cut);
          break;
        case 'half of the statement never comes':
          server.write(half);
          break;
        case 'the statement is late':
          this.late.push(() => server.write(packet));
          break;
        case undefined:
          server.write(packet);
      }
    });
  }
}
