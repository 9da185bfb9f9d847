/** A number as people read it: three significant digits, thousands as k, millions as M. */
export function short(value: number): string {
  if (value >= 1e6) return `${significant(value / 1e6)} M`;
  if (value >= 1e4) return `${significant(value / 1e3)} k`;
  if (value >= 1e3) return Math.round(value).toLocaleString('en');
  return significant(value);
}

function significant(value: number): string {
  if (value === 0) return '0';
  return String(Number(value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3)));
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
