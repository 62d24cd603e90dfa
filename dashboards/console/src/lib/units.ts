// Figures for people. Whoever has no figure says so; nothing here turns "not known" into 0.

const STEPS: [number, string][] = [
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
];

function locale(language: string): string {
  return language === 'en' ? 'en-GB' : 'de-DE';
}

export function number(value: number, language: string, digits = 0): string {
  return value.toLocaleString(locale(language), { maximumFractionDigits: digits });
}

export function bytes(value: number, language: string): string {
  for (const [size, unit] of STEPS) {
    if (value >= size) return `${number(value / size, language, value / size < 10 ? 1 : 0)} ${unit}`;
  }
  return `${number(value, language)} B`;
}

export function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.round((part / whole) * 100) : null;
}

/** Seconds in the unit that people use: the end of a message's name, and its number. */
export function left(seconds: number): { unit: 'seconds' | 'minutes' | 'hours'; count: number } {
  if (seconds < 100) return { unit: 'seconds', count: Math.ceil(seconds) };
  if (seconds < 6_000) return { unit: 'minutes', count: Math.ceil(seconds / 60) };
  return { unit: 'hours', count: Math.ceil(seconds / 3_600) };
}
