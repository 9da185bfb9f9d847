import { Forwarder, type Pair } from '../forwarder.js';

/** A network between HTTP clients and a server that tears each connection apart after so many bytes of answers as a test says. */
export class CuttingProxy {
  /** How many connections it has cut. */
  cuts = 0;
  private readonly forwarder: Forwarder;

  private constructor(target: URL, lifetime: () => number) {
    this.forwarder = new Forwarder(target, (pair) => this.forward(pair, lifetime()));
  }

  /** @param lifetime asked for each new connection: after how many bytes to cut it */
  static async to(url: string, lifetime: () => number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(url), lifetime);
    await proxy.forwarder.listen();
    return proxy;
  }

  get url(): string {
    return this.forwarder.url;
  }

  async close(): Promise<void> {
    await this.forwarder.close();
  }

  private forward({ client, server }: Pair, bytes: number): void {
    let left = bytes;
    client.on('data', (request) => void server.write(request));
    server.on('data', (answer) => {
      if (answer.length < left) {
        left -= answer.length;
        client.write(answer);
        return;
      }
      this.cuts++;
      // A reset right away would take back what the client has not read yet.
      client.end(answer.subarray(0, left), () => server.destroy());
      left = Infinity;
      server.removeAllListeners('data');
    });
  }
}
