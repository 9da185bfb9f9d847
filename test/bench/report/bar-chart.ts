export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Put behind the bar. */
  readonly text: string;
  /** Whether it is the one that the chart is about. */
  readonly ours: boolean;
}

/** Bars on a scale of their own. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 940;
const MARGIN = 16;
const LABELS = 310;
/** Room for the text behind the longest bar. */
const TEXTS = 150;
const ROW = 24;
const BAR = 15;
const TITLE = 40;

/** Colours that read well on white and on black, with more contrast where the reader's theme is known. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #57606a; }
  .title { font-weight: 600; fill: #24292f; }
  .ours { fill: #2f7d4f; }
  .other { fill: #9aa4af; }
  text.strong { font-weight: 600; fill: #24292f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title, text.strong { fill: #e6edf3; }
    .ours { fill: #3fb26f; }
    .other { fill: #59636e; }
  }`;

/** Horizontal bars, one panel under the other, as an SVG that takes the reader's light or dark theme. */
export function barChart(name: string, panels: readonly Panel[]): string {
  let y = MARGIN;
  const parts: string[] = [];
  for (const { title, bars } of panels) {
    parts.push(`<text class="title" x="${MARGIN}" y="${y + 16}">${escape(title)}</text>`);
    y += TITLE - MARGIN + 4;
    const largest = Math.max(...bars.map(({ value }) => value));
    for (const bar of bars) {
      parts.push(row(bar, y, largest));
      y += ROW;
    }
    y += MARGIN;
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" ` +
    `aria-label="${escape(name)}">\n<style>${STYLE}\n</style>\n${parts.join('\n')}\n</svg>\n`
  );
}

function row({ label, value, text, ours }: Bar, y: number, largest: number): string {
  const width = Math.max(1, ((WIDTH - LABELS - TEXTS - MARGIN) * value) / largest);
  const x = LABELS + MARGIN;
  const strong = ours ? ' class="strong"' : '';
  return [
    `<text${strong} x="${LABELS + 8}" y="${y + 12}" text-anchor="end">${escape(label)}</text>`,
    `<rect class="${ours ? 'ours' : 'other'}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<text${strong} x="${(x + width + 6).toFixed(1)}" y="${y + 12}">${escape(text)}</text>`,
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
