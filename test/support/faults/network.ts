import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { Gate } from '../consumers/gate.js';
import { Forwarder, type Pair } from '../forwarder.js';

export type Direction = 'to the server' | 'to the clients';

/** A packet that is a statement begins with its text behind a header. */
const COMMIT = /^[^A-Z]{0,8}(COMMIT|BEGIN NOT ATOMIC)/;

/** A network between a database and its clients that can be cut, slowed down, stalled, and made to lose answers. */
export class Network {
  /** How long every packet takes, in ms. */
  latency = 0;
  /** Commits whose answer got lost. */
  lost = 0;
  private toLose = 0;
  private readonly stalled = new Map<Direction, Gate>();
  private readonly forwarder: Forwarder;

  private constructor(target: URL) {
    this.forwarder = new Forwarder(target, (pair) => this.forward(pair));
  }

  static async to(url: string): Promise<Network> {
    const network = new Network(new URL(url));
    await network.forwarder.listen();
    return network;
  }

  get port(): number {
    return this.forwarder.port;
  }

  /** Ends every connection. */
  cut(): void {
    this.forwarder.cut();
  }

  /** Holds everything back in that direction, until `heal`. Connections stay open. */
  stall(direction: Direction): void {
    if (!this.stalled.has(direction)) this.stalled.set(direction, new Gate());
  }

  /** Lets so many statements that commit reach the server, and loses the answers together with the connections. */
  loseAnswersToCommits(count: number): void {
    this.toLose += count;
  }

  /** Nothing is wrong with it any more. */
  heal(): void {
    this.latency = 0;
    this.toLose = 0;
    for (const gate of this.stalled.values()) gate.open();
    this.stalled.clear();
  }

  async close(): Promise<void> {
    this.heal();
    await this.forwarder.close();
  }

  private forward({ client, server, cut }: Pair): void {
    const toServer = this.wire('to the server', server);
    const toClient = this.wire('to the clients', client);
    let losesAnswer = false;
    client.on('data', (packet) => {
      if (this.toLose > 0 && COMMIT.test(packet.toString('latin1', 0, 64))) {
        this.toLose--;
        this.lost++;
        losesAnswer = true;
      }
      toServer(packet);
    });
    server.on('data', (answer) => (losesAnswer ? cut() : toClient(answer)));
  }

  /** One direction of a connection. Packets keep their order, whatever each of them waits for. */
  private wire(direction: Direction, socket: Socket): (packet: Buffer) => void {
    let last = Promise.resolve();
    let waiting = 0;
    return (packet) => {
      if (waiting === 0 && this.latency === 0 && !this.stalled.has(direction)) {
        socket.write(packet);
        return;
      }
      waiting++;
      const latency = this.latency;
      last = last.then(async () => {
        if (latency > 0) await delay(latency);
        await this.stalled.get(direction)?.pass();
        waiting--;
        if (socket.writable) socket.write(packet);
      });
    };
  }
}
