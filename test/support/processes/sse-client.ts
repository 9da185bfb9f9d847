import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** One server-sent event as it came. */
export interface SentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** Reads server-sent events, as fast or as slowly as a test wants. */
export class SseClient {
  private constructor(private readonly response: IncomingMessage) {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const request = get(url, { headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    return new SseClient(response);
  }

  get status(): number {
    return this.response.statusCode!;
  }

  /** The next `count` events, if they come together, or a few more; fewer when the stream ends or is cut. */
  async take(count: number): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    let text = '';
    try {
      for await (const chunk of this.response.iterator({ destroyOnReturn: false })) {
        text += chunk as string;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = parse(text.slice(0, end));
          text = text.slice(end + 2);
          if (event) events.push(event);
        }
        if (events.length >= count) break;
      }
    } catch {
      // What came before the cut has come.
    }
    return events;
  }

  /** Goes away, as a browser does. */
  close(): void {
    this.response.destroy();
  }
}

function parse(block: string): SentEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const data = fields.get('data');
  return data === undefined
    ? undefined
    : { id: fields.get('id'), event: fields.get('event'), data };
}
