/** Sizes of the JSON payloads, in bytes. */
export const PAYLOADS = [200, 2048] as const;
export type PayloadSize = (typeof PAYLOADS)[number];

export function sizeName(bytes: PayloadSize): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KB`;
}

interface Payload {
  readonly customer: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly note: string;
}

/** An order, filled up to a size. */
export function payload(bytes: PayloadSize): Payload {
  const lines = Array.from({ length: 3 }, (_, line) => ({ sku: `A-${1000 + line}`, quantity: 2 }));
  const order = { customer: 'ann@example.org', lines, note: '' };
  const missing = bytes - JSON.stringify(order).length;
  return { ...order, note: 'lorem ipsum '.repeat(missing / 12 + 1).slice(0, missing) };
}
