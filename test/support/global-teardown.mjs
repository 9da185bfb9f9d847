export default async function globalTeardown() {
  await globalThis.eventxTestServer?.stop();
}
