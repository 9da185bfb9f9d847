import { Network } from '../../support/faults/network.js';

/** The ways from the members to the database: one for each, so that it can be bad for one of them alone. */
export class Networks {
  private constructor(private readonly byMember: ReadonlyMap<string, Network>) {}

  static async to(url: string, members: readonly string[]): Promise<Networks> {
    const byMember = new Map<string, Network>();
    for (const member of members) byMember.set(member, await Network.to(url));
    return new Networks(byMember);
  }

  get all(): readonly Network[] {
    return [...this.byMember.values()];
  }

  of(member: string): Network {
    return this.byMember.get(member)!;
  }

  /** Commits whose answers got lost. */
  get lost(): number {
    return this.all.reduce((sum, { lost }) => sum + lost, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((network) => network.close()));
  }
}
