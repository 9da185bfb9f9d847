import { type Figure, type Goal, summarize } from '../figures.js';
import { percent, short } from './numbers.js';

/** Figures as a Markdown table, aligned, so that it reads well on a terminal too. */
export function figureTable(figures: readonly Figure[]): string {
  return markdownTable(
    ['', 'what', 'median', '', '±', 'ratio', 'to', 'goal', ''],
    figures.map((figure) => {
      const { value, spread, ratio, reached } = summarize(figure);
      return [
        figure.scenario,
        figure.name,
        short(value),
        figure.unit,
        percent(spread),
        ratio === null ? '' : ratio.toFixed(2),
        figure.reference?.name ?? '',
        figure.goal ? goalText(figure.goal) : '',
        reached === null ? '' : reached ? 'yes' : 'no',
      ];
    }),
  );
}

function goalText({ ratio, atLeast, atMost }: Goal): string {
  return [
    ratio === undefined ? '' : `ratio ≥ ${ratio}`,
    atLeast === undefined ? '' : `≥ ${short(atLeast)}`,
    atMost === undefined ? '' : `≤ ${short(atMost)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

export function markdownTable(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
