/** The page at `/`: events as they arrive. A template rather than an HTML file, which the compiler would not copy. */
export const PAGE = /* html */ `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orders · nestjs-eventx</title>
<link rel="icon" href="data:,">
<style>
  :root {
    color-scheme: light dark;
    --text: light-dark(#1c2330, #e6e9ef);
    --faint: light-dark(#697386, #8b95a7);
    --page: light-dark(#f5f6f8, #14171d);
    --card: light-dark(#fff, #1c2028);
    --line: light-dark(#e4e7ec, #2a303b);
    --accent: light-dark(#3457d5, #8ea6ff);
    --good: light-dark(#18794e, #4cc38a);
  }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
  main { max-width: 64rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
  header { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin-bottom: 1.25rem; }
  h1 { font-size: 1.3rem; margin: 0; }
  #state { color: var(--faint); margin-right: auto; }
  #state::before { content: '●'; margin-right: .4em; }
  #state.live::before { color: var(--good); }
  button {
    font: inherit; padding: .4rem .9rem; border-radius: .5rem; cursor: pointer;
    border: 1px solid var(--accent); background: none; color: var(--accent);
  }
  button.main { background: var(--accent); color: var(--card); }
  button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  button:disabled { opacity: .5; cursor: default; }
  dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 0 0 1.25rem; }
  dl div, .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
  dl div { padding: .7rem 1rem; }
  dt { color: var(--faint); font-size: .85rem; }
  dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
  .card { overflow-x: auto; }
  .consumers { margin-bottom: 1.25rem; }
  table { width: 100%; border-collapse: collapse; }
  th { text-align: left; font-weight: 500; font-size: .85rem; color: var(--faint); }
  th, td { padding: .45rem 1rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
  tbody tr:last-child td { border-bottom: 0; }
  td { font: 13px/1.5 ui-monospace, monospace; }
  .events :is(td, th):first-child, :is(td, th):last-child { text-align: right; font-variant-numeric: tabular-nums; }
  .data { white-space: normal; min-width: 7rem; width: 100%; color: var(--faint); }
  .placed { color: var(--accent); }
  .new { animation: arrive 1s ease-out; }
  @keyframes arrive { from { background: color-mix(in srgb, var(--accent) 18%, transparent); } }
  @media (max-width: 40rem) {
    th, td { padding-inline: .6rem; }
    .events :is(td, th):nth-child(3) { display: none; }
  }
  @media (prefers-reduced-motion: reduce) { .new { animation: none; } }
  p { color: var(--faint); font-size: .85rem; }
  #problem:empty { display: none; }
  #problem { color: light-dark(#b42318, #ff8f85); }
</style>
</head>
<body>
<main>
  <header>
    <h1>Orders, as events</h1>
    <span id="state">connecting</span>
    <button class="main" data-orders="1">Place an order</button>
    <button data-orders="100">Place 100</button>
  </header>
  <p id="problem" role="alert"></p>
  <dl>
    <div><dt>last seq</dt><dd id="seq">–</dd></div>
    <div><dt>events seen</dt><dd id="count">0</dd></div>
    <div><dt>out of sequence</dt><dd id="faults">0</dd></div>
    <div><dt>latency, median</dt><dd id="median">–</dd></div>
  </dl>
  <div class="consumers card">
    <table>
      <thead><tr><th>consumer</th><th>state</th><th>at seq</th><th>lag</th></tr></thead>
      <tbody id="consumers"></tbody>
    </table>
  </div>
  <div class="events card">
    <table>
      <thead><tr><th>seq</th><th>type</th><th>key</th><th>data</th><th>latency</th></tr></thead>
      <tbody id="rows"></tbody>
    </table>
  </div>
  <p>Latency is from the insert, by the clock of the database, until the event is sent to this page.</p>
</main>
<script>
  const ROWS = 100;
  const byId = (id) => document.getElementById(id);
  const shop = {
    customers: ['ada', 'alan', 'barbara', 'dennis', 'grace'],
    skus: ['cocoa', 'coffee', 'milk', 'sugar', 'tea'],
  };
  let waiting = [];
  let latencies = [];
  let last = null;
  let count = 0;
  let faults = 0;
  let reconnected = false;
  let frame = null;

  function receive(event) {
    // The sample was started again, on a new database.
    if (reconnected && event.seq <= last) startOver();
    reconnected = false;
    count++;
    if (last !== null && event.seq !== last + 1) faults++;
    last = event.seq;
    if (event.latencyMs !== null) latencies = [...latencies.slice(-999), event.latencyMs];
    waiting.push(event);
    if (frame === null) frame = requestAnimationFrame(show);
    if (waiting.length > ROWS) waiting.splice(0, waiting.length - ROWS);
  }

  function startOver() {
    byId('rows').replaceChildren();
    waiting = [];
    last = null;
    latencies = [];
    count = faults = 0;
  }

  function show() {
    const rows = byId('rows');
    for (const event of waiting) rows.prepend(row(event));
    while (rows.children.length > ROWS) rows.lastChild.remove();
    waiting = [];
    frame = null;
    byId('seq').textContent = last.toLocaleString('en');
    byId('count').textContent = count.toLocaleString('en');
    byId('faults').textContent = faults;
    const sorted = latencies.toSorted((a, b) => a - b);
    if (sorted.length) byId('median').textContent = sorted[sorted.length >> 1] + ' ms';
  }

  function row({ seq, type, key, data, latencyMs }) {
    const tr = document.createElement('tr');
    const cells = [seq, type, key?.slice(0, 20) ?? '', describe(data), latencyMs === null ? '' : latencyMs + ' ms'];
    for (const text of cells) tr.insertCell().textContent = text;
    tr.cells[1].className = type === 'order.placed' ? 'placed' : '';
    tr.cells[2].title = key ?? '';
    tr.cells[3].className = 'data';
    if (latencyMs !== null) tr.className = 'new';
    return tr;
  }

  async function showConsumers() {
    const consumers = await (await fetch('consumers')).json();
    byId('consumers').replaceChildren(
      ...consumers.map(({ name, state, seq, lag, lagSeconds, lastError }) => {
        const tr = document.createElement('tr');
        const behind = lag + (lag > 0 && lagSeconds !== null ? ' (' + lagSeconds.toFixed(1) + ' s)' : '');
        for (const text of [name, state, seq.toLocaleString('en'), behind]) tr.insertCell().textContent = text;
        tr.title = lastError ?? '';
        return tr;
      }),
    );
  }

  function describe(data) {
    const items = (data?.items ?? (data?.sku ? [data] : null))?.map(({ sku, quantity }) => quantity + ' × ' + sku);
    return items ? [data.customer, items.join(', ')].filter(Boolean).join(': ') : JSON.stringify(data);
  }

  function follow(from) {
    const source = new EventSource('events/stream?from=' + from);
    const state = (text, live) => {
      byId('state').textContent = text;
      byId('state').classList.toggle('live', live);
    };
    source.onopen = () => state('live', true);
    source.onerror = () => {
      reconnected = true;
      state(source.readyState === EventSource.CLOSED ? 'ended' : 'connection lost, trying again', false);
    };
    source.onmessage = ({ data }) => receive(JSON.parse(data));
  }

  function anyOf(list) {
    return list[Math.floor(Math.random() * list.length)];
  }

  async function place() {
    const items = Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => ({
      sku: anyOf(shop.skus),
      quantity: 1 + Math.floor(Math.random() * 4),
    }));
    const response = await fetch('orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customer: anyOf(shop.customers), items }),
    });
    if (!response.ok) throw new Error('The order failed: HTTP ' + response.status);
  }

  for (const button of document.querySelectorAll('button')) {
    button.onclick = async () => {
      button.disabled = true;
      byId('problem').textContent = '';
      try {
        await Promise.all(Array.from({ length: Number(button.dataset.orders) }, place));
      } catch (error) {
        byId('problem').textContent = error.message;
      }
      button.disabled = false;
    };
  }

  const refresh = () => showConsumers().catch(() => {});
  setInterval(refresh, 1000);
  refresh();

  // The newest events first, then what comes.
  fetch('sales')
    .then((response) => response.json())
    .then(({ seq }) => follow(Math.max(1, seq - 19)))
    .catch((error) => (byId('problem').textContent = error.message));
</script>
</body>
</html>
`;
