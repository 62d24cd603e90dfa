// The month as a page shows it, and the form of a calendar: what people type as text becomes the
// calendar of the API and back. Whether it is right is the controller's to say; here its mistakes
// only find their fields.
import type { Calendar, DayView, WindowKind, WindowRule } from '../api/types';

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export const WINDOW_KINDS: readonly WindowKind[] = ['download', 'activate', 'restart'];

const DAY_MS = 86_400_000;
/** Days are counted in UTC, where each has 24 hours; only their names matter. */
const utc = (date: string) => Date.parse(`${date}T00:00:00Z`);
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The day after `days` days. */
export function shifted(date: string, days: number): string {
  return iso(utc(date) + days * DAY_MS);
}

/** `2026-12` after `months` months. */
export function monthAfter(month: string, months: number): string {
  const [year, number] = month.split('-').map(Number);
  return iso(Date.UTC(year ?? 1970, (number ?? 1) - 1 + months, 1)).slice(0, 7);
}

/** Whether a text from the address is a month. */
export function isMonth(text: string | null): text is string {
  return !!text && /^(19[7-9]\d|[2-8]\d{3})-(0[1-9]|1[0-2])$/.test(text);
}

/** The weeks of a month, from Monday, with the days of its neighbors that fill them. */
export function weeks(month: string): string[][] {
  const first = `${month}-01`;
  const sinceMonday = (new Date(utc(first)).getUTCDay() + 6) % 7;
  const all: string[][] = [];
  for (let day = shifted(first, -sinceMonday); day < `${monthAfter(month, 1)}-01`; day = shifted(day, 7)) {
    all.push(Array.from({ length: 7 }, (_, n) => shifted(day, n)));
  }
  return all;
}

/** Spans as people read them. */
export function spans(list: DayView['open']): string {
  return list.map((span) => `${span.from}–${span.until}`).join(', ');
}

export interface Form {
  known: boolean;
  hours: Record<Weekday, string>;
  special: { date: string; hours: string; reason: string }[];
  closures: { from: string; until: string; reason: string }[];
  windows: Record<WindowKind, { rule: 'always' | 'closed' | 'recurring'; cron: string; minutes: number }>;
}

function rule(of: WindowRule | undefined): Form['windows'][WindowKind] {
  if (of === undefined || typeof of === 'string') return { rule: of ?? 'always', cron: '0 3 * * *', minutes: 60 };
  return { rule: 'recurring', cron: of.cron, minutes: of.minutes };
}

/** The form of a calendar. */
export function form(calendar: Calendar): Form {
  const text = (hours: string[] | undefined) => (hours ?? []).join(', ');
  return {
    known: !!calendar.opening_hours,
    hours: Object.fromEntries(WEEKDAYS.map((day) => [day, text(calendar.opening_hours?.[day])])) as Form['hours'],
    special: (calendar.special_days ?? []).map((one) => ({ date: one.date, hours: text(one.hours), reason: one.reason })),
    closures: (calendar.closures ?? []).map((one) => ({ ...one })),
    windows: Object.fromEntries(WINDOW_KINDS.map((kind) => [kind, rule(calendar.windows?.[kind])])) as Form['windows'],
  };
}

const list = (text: string) => text.split(/[,;]/).map((part) => part.trim().replaceAll('–', '-')).filter(Boolean);

/** The calendar of a form, as it was typed. */
export function calendar(form: Form): Calendar {
  const hours = Object.fromEntries(WEEKDAYS.map((day) => [day, list(form.hours[day])] as const).filter(([, of]) => of.length));
  const windows = WINDOW_KINDS.map((kind): [WindowKind, WindowRule] => {
    const { rule, cron, minutes } = form.windows[kind];
    return [kind, rule === 'recurring' ? { cron: cron.trim(), minutes } : rule];
  });
  return {
    ...(form.known ? { opening_hours: hours } : {}),
    special_days: form.special.map((one) => ({ date: one.date, hours: list(one.hours), reason: one.reason })),
    closures: form.closures.map((one) => ({ from: one.from.trim(), until: one.until.trim(), reason: one.reason })),
    windows: Object.fromEntries(windows) as Calendar['windows'],
  };
}

/** The mistakes of a field: those at its place and below it. */
export function mistakes(errors: { pointer: string; message: string }[], pointer: string): string[] {
  return errors.filter((e) => e.pointer === pointer || e.pointer.startsWith(`${pointer}/`)).map((e) => e.message);
}

/** Mistakes for which the form has no field. */
export function elsewhere(errors: { pointer: string; message: string }[]): { pointer: string; message: string }[] {
  const field = /^\/(opening_hours\/\w+|special_days\/\d+\/(date|hours|reason)|closures\/\d+\/(from|until|reason)|windows\/\w+)(\/|$)/;
  return errors.filter((e) => !field.test(e.pointer));
}
