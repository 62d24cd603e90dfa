// Hours as bars of equal width, also the hours in which nothing was counted.
import type { UsageHour } from '../api/types';

const HOUR_MS = 3_600_000;

export interface Series {
  bars: { hour_ms: number; count: number }[];
  /** Index of the first hour of each day (24 bars back from now). */
  days: number[];
  total: number;
}

export function usageSeries(hours: UsageHour[], counter: string, hourNow: number, days: number): Series {
  const counted = new Map(hours.map((h) => [Math.floor(h.hour_ms / HOUR_MS), h.counts[counter] ?? 0]));
  const bars = [];
  const starts = [];
  const total = days * 24;
  for (let i = 0; i < total; i++) {
    const hour = hourNow - (total - 1 - i);
    if (i % 24 === 0) starts.push(i);
    bars.push({ hour_ms: hour * HOUR_MS, count: counted.get(hour) ?? 0 });
  }
  return { bars, days: starts, total: bars.reduce((sum, bar) => sum + bar.count, 0) };
}
