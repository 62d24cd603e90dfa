// Calendars and scheduled orders in memory: enough of them to walk through the pages. Holidays are a
// few of 2026 only; the controller computes all of them.
import { randomUUID } from 'node:crypto';
import type { Calendar, CalendarView, DayView, Schedule, ScheduleRun, SpanView } from '../src/api/types.ts';
import type { Answer, Request } from './routes.ts';
import { both } from './texts.ts';

const DAY_MS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const HOLIDAYS: Record<string, [string, string]> = {
  '2026-11-01': ['Allerheiligen', 'All Saints’ Day'],
  '2026-12-25': ['1. Weihnachtstag', 'Christmas Day'],
  '2026-12-26': ['2. Weihnachtstag', 'Second Day of Christmas'],
  '2027-01-01': ['Neujahr', 'New Year’s Day'],
};
const SPAN = /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

const configured = (): Calendar => ({
  opening_hours: { monday: ['08:00-12:00', '13:00-15:30'], tuesday: ['08:00-12:00'], wednesday: ['08:00-12:00'], thursday: ['08:00-12:00', '13:00-17:00'], friday: ['08:00-12:00'] },
  special_days: [{ date: '2026-12-24', hours: [], reason: 'Heiligabend' }],
  closures: [{ from: '2026-12-28', until: '2026-12-31', reason: 'Betriebsferien' }],
  windows: { download: 'always', activate: 'closed', restart: { cron: '0 3 * * *', minutes: 120 } },
});
const changed = new Map<string, { calendar: Calendar; at: number; by: string }>();
let revision = 1;

const span = (date: string, text: string): SpanView => {
  const [from = '', until = ''] = text.split('-');
  const ms = (time: string) => Date.parse(`${date}T00:00:00+01:00`) + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000;
  return { from, until, from_ms: ms(from), until_ms: ms(until) };
};

function dayView(calendar: Calendar, date: string): DayView {
  const special = calendar.special_days?.find((one) => one.date === date);
  const closure = calendar.closures?.find((one) => one.from.slice(0, 10) <= date && date <= one.until.slice(0, 10));
  const holiday = HOLIDAYS[date];
  const weekday = WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? 'sunday';
  const kind = !calendar.opening_hours ? 'unknown' : closure ? 'closure' : special ? 'special' : holiday ? 'holiday' : 'weekday';
  const hours = kind === 'weekday' ? (calendar.opening_hours?.[weekday] ?? []) : kind === 'special' ? (special?.hours ?? []) : [];
  const reason = closure ? both(closure.reason, closure.reason) : special ? both(special.reason, special.reason) : holiday ? both(...holiday) : null;
  return {
    date, kind, reason, open: hours.map((text) => span(date, text)),
    windows: [
      { kind: 'download', spans: [span(date, '00:00-24:00')] },
      { kind: 'activate', spans: hours.length ? [span(date, `00:00-${hours[0]?.slice(0, 5)}`), span(date, `${hours.at(-1)?.slice(6)}-24:00`)] : [span(date, '00:00-24:00')] },
      { kind: 'restart', spans: [span(date, '03:00-05:00')] },
    ],
  };
}

function view(site: string): CalendarView {
  const console_ = changed.get(site);
  return {
    site, name: site === 'friedensplatz' ? 'MigraDo Friedensplatz' : 'Self-Service-Center Berswordthalle',
    from: console_ ? 'console' : 'configuration', changed_ms: console_?.at ?? null, changed_by: console_?.by ?? null,
    calendar: console_?.calendar ?? configured(), now_ms: Date.now(),
    now: { opening: 'open', text: both('geöffnet bis 12:00', 'open until 12:00'), until_ms: Date.now() + 3_600_000 },
    windows: [
      { kind: 'download', open: true, text: both('immer', 'always') },
      { kind: 'activate', open: false, opens_ms: Date.now() + 3_600_000, text: both('geöffnet bis 12:00', 'open until 12:00') },
      { kind: 'restart', open: false, opens_ms: Date.now() + DAY_MS, text: both('Fenster ab 03:00', 'window from 03:00') },
    ],
  };
}

const problem = (status: number, code: string, errors?: { pointer: string; message: string }[]): Answer => ({
  status, data: { type: `urn:migrado:problem:${code}`, title: code, status, code, detail: 'The request has mistakes; correct what is named in errors.', errors },
});
const tagged = (data: unknown, tag: number, status = 200): Answer => ({ status, data, headers: { etag: `"${tag}"` } });

export function sites({ method, path, query, body, headers, session }: Request): Answer {
  const [, , site = '', , days] = path.split('/');
  if (!['friedensplatz', 'berswordthalle'].includes(site)) return problem(404, 'not_found');
  if (days) {
    const list: DayView[] = [];
    for (let at = Date.parse(`${query.get('from')}T00:00:00Z`); at <= Date.parse(`${query.get('to')}T00:00:00Z`); at += DAY_MS) {
      list.push(dayView(view(site).calendar, new Date(at).toISOString().slice(0, 10)));
    }
    return { status: 200, data: { site, days: list } };
  }
  if (method === 'GET') return tagged(view(site), revision);
  if (headers['if-match'] !== `"${revision}"`) return problem(412, 'changed_meanwhile');
  if (method === 'DELETE') changed.delete(site);
  else {
    const calendar = body as Calendar;
    const errors = Object.entries(calendar.opening_hours ?? {}).flatMap(([weekday, hours]) =>
      (hours ?? []).flatMap((text, n) => (SPAN.test(text) ? [] : [{ pointer: `/opening_hours/${weekday}/${n}`, message: `"${text}" is not a span like "08:00-12:30"` }])),
    );
    if (errors.length) return problem(422, 'invalid', errors);
    changed.set(site, { calendar, at: Date.now(), by: session?.user ?? '' });
  }
  revision += 1;
  return tagged(view(site), revision);
}

const HOUR = 3_600_000;
const night = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * HOUR;
const run = (due_ms: number, more: Partial<ScheduleRun>): ScheduleRun => ({ due_ms, decided_ms: due_ms + 2_000, state: 'ordered', missed: 0, batch: randomUUID(), ordered: 4, left_out: 0, results: [{ state: 'succeeded', count: 4 }], ...more });
const runs = new Map<string, ScheduleRun[]>();
const schedules = new Map<string, Schedule>();
function keep(schedule: Schedule, of: ScheduleRun[]): void {
  schedules.set(schedule.id, { ...schedule, last: of[0] ?? null });
  runs.set(schedule.id, of);
}
const base = { paused: false, changed_ms: night - 9 * DAY_MS, changed_by: 'admin', revision: 1 };
keep(
  { ...base, id: 's-night', name: 'Seite nachts neu starten', when: { cron: '0 3 * * *' }, terminals: 'all', order: { verb: 'restart_page' }, only_when: 'closed', grace_minutes: 60, next_ms: night + DAY_MS },
  [run(night, { results: [{ state: 'succeeded', count: 3 }, { state: 'failed', count: 1 }] }), run(night - DAY_MS, { state: 'skipped', reason: 'too_late', missed: 2, batch: null, ordered: 0, results: [] })],
);
keep({ ...base, id: 's-print', name: 'Testseite am Montag', when: { cron: '30 7 * * 1' }, terminals: { site: 'friedensplatz' }, order: { verb: 'test_print' }, only_when: 'any', grace_minutes: 30, paused: true }, []);

export function scheduled({ method, path, body, headers, session }: Request): Answer {
  const [, , id, part] = path.split('/');
  if (!id && method === 'GET') return { status: 200, data: { items: [...schedules.values()], next: null } };
  const before = id ? schedules.get(id) : undefined;
  if (id && !before) return problem(404, 'not_found');
  if (before && part === 'runs') return { status: 200, data: { items: runs.get(before.id) ?? [], next: null } };
  if (before && part) keep({ ...before, paused: part === 'pause', next_ms: part === 'pause' ? null : night + DAY_MS, revision: before.revision + 1 }, runs.get(before.id) ?? []);
  else if (before && method === 'DELETE') {
    schedules.delete(before.id);
    return { status: 204 };
  } else if (method !== 'GET') {
    if (before && headers['if-match'] !== `"${before.revision}"`) return problem(412, 'changed_meanwhile');
    const plan = body as Partial<Schedule>;
    if (plan.when && 'cron' in plan.when && plan.when.cron.split(' ').length !== 5) return problem(422, 'invalid', [{ pointer: '/when/cron', message: `"${plan.when.cron}" is no pattern` }]);
    const made = { ...base, id: randomUUID(), ...before, ...plan, revision: (before?.revision ?? 0) + 1, changed_by: session?.user ?? '', next_ms: night + DAY_MS } as Schedule;
    keep(made, runs.get(made.id) ?? []);
    return tagged(made, made.revision, before ? 200 : 201);
  }
  const now = before && schedules.get(before.id);
  return now ? tagged(now, now.revision) : problem(404, 'not_found');
}
