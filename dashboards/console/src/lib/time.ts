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
