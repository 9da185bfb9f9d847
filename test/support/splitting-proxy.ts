import { connect } from 'node:net';

import { Forwarder, type Pair } from './forwarder.js';
import { commandsIn, packetsIn } from './mysql-packets.js';

export interface SplittingRules {
  /**
   * Where the SELECTs of a transaction go: to the primary, as with proxies that keep a transaction on one server, or to the replica,
   * as with those that know nothing but the text of a statement.
   * @default 'primary'
   */
  readonly inTransactions?: 'primary' | 'replica';
}

/** MySQL's code of a command. */
const QUIT = 0x01;
const INIT_DB = 0x02;
const QUERY = 0x03;
const RESET_CONNECTION = 0x1f;

const READS = /^\s*SELECT\b(?!.*\b(FOR\s+UPDATE|FOR\s+SHARE|LOCK\s+IN\s+SHARE\s+MODE)\b)/is;
const BEGINS = /^\s*(START\s+TRANSACTION|BEGIN\b(?!\s+NOT\s+ATOMIC))/i;
const ENDS = /^\s*(COMMIT|ROLLBACK)\b(?!\s+TO\b)/i;
/** What belongs to the session, and is answered with a single packet. */
const SETS = /^\s*(SET\s+(?!GLOBAL\b)|USE\s)[^;]*;?\s*$/i;

/**
 * A proxy as people put between an application and a primary with a replica: every statement that begins with SELECT is the replica's to
 * answer, unless it locks, and everything else the primary's. What a session sets it sets on both. The servers speak for themselves: it
 * only decides who gets a command, and passes on whatever comes back. Users need an empty password.
 */
export class SplittingProxy {
  /** Whether it splits; else the primary gets everything. */
  splits = true;
  /** SELECTs that the replica got. */
  reads = 0;
  private readonly forwarder: Forwarder;

  private constructor(
    primary: string,
    private readonly replica: URL,
    private readonly rules: SplittingRules,
  ) {
    this.forwarder = new Forwarder(new URL(primary), (pair) => this.forward(pair));
  }

  /**
   * Whoever connects connects to both: users and databases have to be there on the replica, too.
   * @param primary its URL, with the database that `url` shall have
   * @param replica its URL
   */
  static async between(
    primary: string,
    replica: string,
    rules: SplittingRules = {},
  ): Promise<SplittingProxy> {
    const proxy = new SplittingProxy(primary, new URL(replica), rules);
    await proxy.forwarder.listen();
    return proxy;
  }

  /** The primary by way of the proxy. */
  get url(): string {
    return this.forwarder.url;
  }

  async close(): Promise<void> {
    await this.forwarder.close();
  }

  private forward({ client, server: primary, cut }: Pair): void {
    const replica = connect(Number(this.replica.port), this.replica.hostname).setNoDelay(true);
    replica.on('error', cut).once('close', cut);
    client.once('close', () => replica.destroy());

    // Its greeting and its answer to the login: the client has those of the primary.
    let notForTheClient = 2;
    primary.on('data', (answer) => void client.write(answer));
    replica.on(
      'data',
      packetsIn((packet) => {
        if (notForTheClient > 0) notForTheClient--;
        else client.write(packet);
      }),
    );

    let inTransaction = false;
    const onCommand = (code: number, statement: string, bytes: Buffer): void => {
      if (BEGINS.test(statement)) inTransaction = true;
      if (ENDS.test(statement) || code === RESET_CONNECTION) inTransaction = false;
      if (code === QUIT || isOfTheSession(code, statement)) {
        notForTheClient++;
        replica.write(bytes);
        primary.write(bytes);
      } else if (this.isForTheReplica(code, statement, inTransaction)) {
        this.reads++;
        replica.write(bytes);
      } else {
        primary.write(bytes);
      }
    };
    let loggedIn = false;
    client.on(
      'data',
      commandsIn((bytes, code, text) => {
        if (loggedIn) return onCommand(code, code === QUERY ? text() : '', bytes);
        // Without a password the same login is good for both.
        loggedIn = true;
        replica.write(bytes);
        primary.write(bytes);
      }),
    );
  }

  private isForTheReplica(code: number, statement: string, inTransaction: boolean): boolean {
    if (!this.splits || code !== QUERY || !READS.test(statement)) return false;
    return !inTransaction || this.rules.inTransactions === 'replica';
  }
}

function isOfTheSession(code: number, statement: string): boolean {
  return code === INIT_DB || code === RESET_CONNECTION || SETS.test(statement);
}
