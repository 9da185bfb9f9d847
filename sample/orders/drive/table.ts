/** Lines of a table: the first column aligned to the left, the others to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map(([first, ...others]) => {
    const cells = others.map((text, index) => text.padStart(widths[index + 1]!));
    return [first!.padEnd(widths[0]!), ...cells].join('   ');
  });
}
