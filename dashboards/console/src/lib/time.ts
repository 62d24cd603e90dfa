// Ages and moments as words. The place is Dortmund: moments are shown in its time wherever the
// reader sits.

export const ZONE = 'Europe/Berlin';

export interface Span {
  unit: 'now' | 'seconds' | 'minutes' | 'hours' | 'days';
  count: number;
}

/** A span in its largest whole unit; below five seconds it is "now", so that nothing flickers. */
export function span(ms: number): Span {
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  if (seconds < 5) return { unit: 'now', count: 0 };
  if (seconds < 60) return { unit: 'seconds', count: seconds };
  if (seconds < 3_600) return { unit: 'minutes', count: Math.floor(seconds / 60) };
  if (seconds < 48 * 3_600) return { unit: 'hours', count: Math.floor(seconds / 3_600) };
  return { unit: 'days', count: Math.floor(seconds / 86_400) };
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(language: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${name}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'de-DE', { timeZone: ZONE, ...options });
    formats.set(key, made);
  }
  return made;
}

/** Date and time to the second: for tooltips, audit and tables. */
export function moment(ms: number, language: string): string {
  return format(language, 'moment', { dateStyle: 'medium', timeStyle: 'medium' }).format(ms);
}
/** Hours and minutes. */
export function hourMinute(ms: number, language: string): string {
  return format(language, 'hm', { hour: '2-digit', minute: '2-digit' }).format(ms);
}
/** Hours and minutes today, with the day otherwise. */
export function shortMoment(ms: number, nowMs: number, language: string): string {
  const at = hourMinute(ms, language);
  return date(ms, language) === date(nowMs, language) ? at : `${day(ms, language)} ${at}`;
}
export function day(ms: number, language: string): string {
  return format(language, 'day', { weekday: 'short', day: '2-digit', month: '2-digit' }).format(ms);
}
export function date(ms: number, language: string): string {
  return format(language, 'date', { dateStyle: 'medium' }).format(ms);
}

/** Width of a heartbeat bucket and how many there are: five hours. */
export const BUCKET_MS = 600_000;
export const BUCKETS = 30;

/** Begin and end of bucket `index` (oldest first) when the newest one holds `nowMs`. */
export function bucket(index: number, nowMs: number): { from: number; to: number } {
  const newest = Math.floor(nowMs / BUCKET_MS) * BUCKET_MS;
  const from = newest - (BUCKETS - 1 - index) * BUCKET_MS;
  return { from, to: from + BUCKET_MS };
}

/** How far the offices' clocks are ahead of UTC at a moment. */
function offsetMs(ms: number): number {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' }).format(ms);
  return Date.parse(`${parts.replace(' ', 'T')}Z`) - Math.floor(ms / 1_000) * 1_000;
}

/** The moment of `2026-12-01T06:00` at the offices, wherever the reader sits. */
export function officeMs(local: string): number {
  const utc = Date.parse(`${local.slice(0, 16)}:00Z`);
  // The offset of the moment itself; the first guess may lie on the other side of a change.
  return utc - offsetMs(utc - offsetMs(utc));
}
