export interface Welcome {
  readonly url: string;
  readonly port: number;
  readonly database: string;
  /** Where the log ended at the start. */
  readonly lastSeq: number;
  readonly orders: number;
  readonly clients: number;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function welcome({ url, port, database, lastSeq, orders, clients }: Welcome): string {
  const isWanted = port === 0 || new URL(url).port === String(port);
  return `
nestjs-eventx: orders, and the events they leave in the database

  database    ${database}
  log         ${lastSeq === 0 ? 'empty' : `goes on after seq ${number(lastSeq)}`}
  listening   ${url}${isWanted ? '' : ` (port ${port} is taken)`}

Placing ${number(orders)} orders over HTTP, ${clients} at a time
`;
}

export function toTry(url: string): string {
  const order = (customer: string) =>
    `curl -X POST ${url}/orders -H 'content-type: application/json' \\
    -d '{"customer":"${customer}","items":[{"sku":"tea","quantity":2}]}'`;
  return `
Still serving. Open ${url} to watch it, stop with Ctrl-C, or try:

  ${order('you')}
  curl ${url}/stock
  curl ${url}/sales
  curl '${url}/events?from=1&limit=3'

A mail that bounces is parked after three attempts, and the next one to bob behind it; mend, and replay:

  ${order('bob')}
  ${order('bob')}
  sleep 1; curl ${url}/dead-letters
  curl -X POST ${url}/mails/mend
  curl -X POST '${url}/dead-letters/replay?consumer=mailer'
  curl ${url}/mails

A consumer that rests falls behind, and goes on where it was:

  curl -X POST ${url}/consumers/mailer/pause
  ${order('you')}
  curl ${url}/consumers
  curl -X POST ${url}/consumers/mailer/resume
  curl ${url}/consumers

The log, then what comes:

  curl -N '${url}/events/stream?from=1'
`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
