// Days and hours in the visitor's language and at the offices' clocks, whatever zone the display has.
import type { Event } from './types';

/** Some languages have no dates of their own in the browser; their nearest that has. */
const NEAREST: Record<string, string> = { kmr: 'tr', ti: 'ti', 'de-simple': 'de' };

function formatter(lang: string, zone: string, how: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const wanted = NEAREST[lang] ?? lang;
  // The office's calendar and digits: what is shown has to be found again on letters and doors.
  return new Intl.DateTimeFormat(`${wanted}-u-ca-gregory-nu-latn`, { timeZone: zone, ...how });
}

const DAY = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const;
const HOUR = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** A day of the calendar, `2027-08-31`. */
export function day(text: string, lang: string): string {
  const at = new Date(`${text}T12:00:00Z`);
  if (Number.isNaN(at.getTime())) return text;
  return formatter(lang, 'UTC', { day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

export interface When {
  day: string;
  hours: string;
}

/** When an event takes place. */
export function when(event: Event, lang: string, zone: string): When {
  const [start, end] = [new Date(event.start), new Date(event.end)];
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime())) return { day: event.start, hours: '' };
  const days = formatter(lang, zone, DAY);
  if (event.all_day) {
    // The end is the first moment after it.
    const last = new Date(end.getTime() - 1);
    const same = days.format(start) === days.format(last);
    return { day: same ? days.format(start) : `${days.format(start)} – ${days.format(last)}`, hours: '' };
  }
  const hours = formatter(lang, zone, HOUR);
  return { day: days.format(start), hours: `${hours.format(start)}–${hours.format(end)}` };
}

/** The times of a series that are not over. */
export function upcoming(events: Event[], series: string, nowMs: number): Event[] {
  return events.filter((event) => event.series === series && new Date(event.end).getTime() > nowMs);
}

/** The day at the offices, `2026-11-25`. */
export function today(zone: string, nowMs: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return parts.format(nowMs);
}
