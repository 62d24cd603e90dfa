// Releases, editions, recalls and rollouts in memory: every state that the pages can show occurs.
import { randomUUID } from 'node:crypto';
import type { Cell, ContentReport, Download, Editions, Languages, Plan, Reason, Recall, Release, Rollout, RolloutDisplay, RolloutSummary, Step } from '../src/api/content.ts';
import type { Answer, Request } from './routes.ts';
import { both } from './texts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MiB = 1024 ** 2;
const OLD = '2026-11-20.1';
const NEW = '2026-11-25.1';
const FP = ['fp-01', 'fp-02', 'fp-03', 'fp-04', 'fp-05', 'fp-07', 'fp-08'];
const BH = ['bh-01', 'bh-02', 'bh-03', 'bh-04', 'bh-05', 'bh-07', 'bh-08'];
const now = Date.now();
const day = (days: number) => new Date(now + days * 24 * HOUR).toISOString().slice(0, 10);

const DOWNLOADS: Record<string, Download> = {
  'fp-03': { bytes_done: 7.4 * MiB, bytes_total: 11 * MiB, bytes_from_neighbors: 5.1 * MiB, bytes_s: 1.3 * MiB, left_s: 3 },
  'bh-04': { bytes_done: 0.6 * MiB, bytes_total: 11 * MiB, bytes_from_neighbors: 0, bytes_s: 8_200, left_s: 1_330 },
};

/** What a display says of its content. */
export function reportOf(id: string): { content?: ContentReport; download?: Download } {
  if (id.endsWith('-06')) return {};
  const held = (name: string, ago: number) => ({ name, manifest: name, since_ms: now - ago });
  const update = (state: string, more = {}) => ({ name: NEW, manifest: NEW, state, since_ms: now - 6 * MINUTE, attempts: 1, ...more });
  const old = { active: held(OLD, 96 * HOUR), previous: held('2026-11-12.1', 300 * HOUR) };
  const download = DOWNLOADS[id];
  if (download) return { content: { ...old, update: update('downloading') }, download };
  if (id === 'fp-05') return { content: { ...old, update: update('waiting', { waits_for: 'visitor', waits_since_ms: now - 18 * MINUTE, at_latest_ms: now + 30 * MINUTE }) } };
  if (id === 'fp-04')
    return { content: { ...old, update: update('rolled_back', { waits_for: 'next_attempt', at_latest_ms: now + 2 * HOUR, attempts: 2, finding: 'page_silent', detail: 'no heartbeat of the page within 30 s after the switch\nlast word: booting 2026-11-25.1' }) } };
  if (['fp-01', 'bh-01'].includes(id)) return { content: { active: held(NEW, 50 * MINUTE), previous: held(OLD, 96 * HOUR), update: update('confirmed'), recalled: [{ form: 'wohnberechtigung', edition: '2025-07' }] } };
  return { content: old };
}

const releases: Release[] = [
  { name: NEW, title: 'Termine am Samstag', manifest: NEW, bytes: 328.4e6, files: 1_204, published_ms: now - 2 * HOUR, published_by: 'redaktion', in_service: ['fp-01', 'bh-01'], wanted: [...FP, ...BH], on_the_way: ['fp-02', 'fp-03', 'fp-05', 'fp-07', 'fp-08', ...BH.slice(1)], refused: ['fp-04'] },
  { name: OLD, title: 'Winteröffnungszeiten', manifest: OLD, bytes: 327.9e6, files: 1_201, published_ms: now - 100 * HOUR, published_by: 'redaktion', in_service: [...FP.slice(1), ...BH.slice(1)], wanted: [], on_the_way: [], refused: [] },
  { name: '2026-11-12.1', title: 'Erste Fassung', manifest: 'x', bytes: 310e6, files: 1_170, published_ms: now - 310 * HOUR, published_by: 'redaktion', withdrawn_ms: now - 90 * HOUR, in_service: ['bh-08'], wanted: [], on_the_way: [], refused: [] },
];
let recalls: Recall[] = [
  {
    form: 'wohnberechtigung', edition: '2025-07', reason: 'Falsche Gebühr auf Seite 2', recalled_by: 'leitstelle', recalled_ms: now - 40 * MINUTE, proven: 12, pending: 2,
    displays: [...FP, ...BH].map((terminal) =>
      ['bh-02', 'bh-05'].includes(terminal)
        ? { terminal, state: 'pending' as const, reason: both('Nicht verbunden; es erfährt davon, sobald es zurück ist.', 'Not connected; it is told as soon as it is back.') }
        : { terminal, state: 'proven' as const, at_ms: now - 39 * MINUTE }),
  },
];
function editions(): Editions {
  const one = (form: string, edition: string, title: string, from: number, until: number, live: string[]) => {
    const recall = recalls.find((r) => r.form === form && r.edition === edition);
    const { reason = '', recalled_by = '', recalled_ms = 0 } = recall ?? {};
    return { form, edition, title, office: 'wohnen', valid_from: day(from), valid_until: day(until), releases: [OLD, NEW], live_on: recall ? ['bh-02', 'bh-05'] : live, held_back_on: recall ? live.filter((id) => !['bh-02', 'bh-05'].includes(id)) : [], ...(recall ? { recall: { reason, recalled_by, recalled_ms } } : {}) };
  };
  return {
    releases: [{ name: NEW, manifest: NEW, terminals: ['fp-01', 'bh-01'] }, { name: OLD, manifest: OLD, terminals: [...FP.slice(1), ...BH.slice(1, -1)] }, { name: '2026-11-12.1', manifest: 'x', terminals: ['bh-08'] }],
    without_release: ['fp-06'],
    editions: [
      one('anmeldung', '2026-01', 'Anmeldung einer Wohnung', -320, 400, [...FP, ...BH]), one('kindergeld', '2026-02', 'Antrag auf Kindergeld', -200, 12, [...FP, ...BH]),
      one('kindergeld', '2027-01', 'Antrag auf Kindergeld', 37, 400, []), one('wohnberechtigung', '2025-07', 'Wohnberechtigungsschein', -500, -2, [...FP, ...BH]), one('bildung', '2025-01', 'Bildung und Teilhabe', -600, -5, ['fp-02']),
    ],
  };
}

function languages(name: string): Languages {
  const all = [['de', 'Deutsch'], ['de-simple', 'Leichte Sprache'], ['en', 'English'], ['ar', 'العربية'], ['uk', 'Українська'], ['tr', 'Türkçe'], ['fa', 'فارسی'], ['fr', 'Français']] as const;
  const things: [string, string, string | null, string][] = [
    ['home', 'home', 'Willkommen', 'cccccccc'], ['strings', 'strings', null, 'ccccddcc'], ['topic', 'arbeit', 'Arbeit', 'cccccccc'], ['office', 'wohnen', 'Amt für Wohnen', 'cccccccm'],
    ['form', 'anmeldung', 'Anmeldung einer Wohnung', 'cccddddm'], ['form', 'kindergeld', 'Antrag auf Kindergeld', 'cmcdddmm'], ['guide', 'arztbesuch', 'Zum Arzt gehen', 'ccccccdd'],
    ['guide', 'schule', 'Ein Kind in der Schule anmelden', 'cccmddmm'], ['video', 'geldautomat', 'Am Automaten bezahlen', 'cmccccmm'], ['event', 'sprachcafe', 'Sprachcafé im Stadtteilzentrum', 'cccccccc'],
  ];
  const word: Record<string, Cell> = { c: 'checked', d: 'draft', m: 'missing' };
  const items = things.map(([kind, id, title, cells]) => ({ kind, id, ...(title ? { title } : {}), cells: [...cells].map((c) => word[c] as Cell) }));
  const count = (n: number, of: Cell) => items.filter((i) => i.cells[n] === of).length;
  return { release: name, reference: 'de', items, languages: all.map(([code, label], n) => ({ code, name: label, rtl: ['ar', 'fa'].includes(code), missing: count(n, 'missing'), draft: count(n, 'draft'), ...(code === 'de-simple' ? { mode_of: 'de' } : {}) })) };
}

const reason = (code: string, de: string, en: string, more: Partial<Reason> = {}): Reason => ({ code, text: both(de, en), ...more });
function display(terminal: string, wave: number | null, state: Step, ago: number, more: Partial<RolloutDisplay> = {}): RolloutDisplay {
  const download = state === 'downloading' ? DOWNLOADS[terminal] : undefined;
  return { terminal, site: terminal.startsWith('fp') ? 'friedensplatz' : 'berswordthalle', label: 'Halle', ...(wave === null ? {} : { wave }), state, since_ms: now - ago * MINUTE, before: OLD, ...(download ? { download } : {}), ...more };
}
const counts = (displays: RolloutDisplay[]) => displays.reduce<Partial<Record<Step, number>>>((sum, d) => ({ ...sum, [d.state]: (sum[d.state] ?? 0) + 1 }), {});
const wave = (name: string, who: Rollout['waves'][number]['who'], state: Rollout['waves'][number]['state'], n: number, displays: RolloutDisplay[], more = {}) => {
  const mine = displays.filter((d) => d.wave === n);
  return { name, who, state, success_percent: 100, errors_max: { count: n === 1 ? 1 : 0 }, observe_s: 900, pause_after: n === 0, displays: mine.length, confirmed: mine.filter((d) => d.state === 'confirmed').length, errors: mine.filter((d) => ['rolled_back', 'failed', 'timed_out'].includes(d.state)).length, counts: counts(mine), ...more };
};
function made(id: string, more: Partial<Rollout>, displays: RolloutDisplay[], waves: Rollout['waves']): Rollout {
  return { id, title: 'Termine am Samstag', release: NEW, manifest: NEW, state: 'running', since_ms: now - 70 * MINUTE, made_by: 'leitstelle', made_ms: now - 75 * MINUTE, started_by: 'leitstelle', wave: 1, counts: counts(displays), revision: 40, allow_single: false, limits: { reach_s: 259_200, download_s: 43_200, activate_s: 3_600 }, wait_at_most_s: 2_700, four_eyes: false, waves, displays, ...more };
}

function first(): Rollout {
  const displays = [
    display('fp-01', 0, 'confirmed', 50), display('bh-01', 0, 'confirmed', 44),
    display('fp-02', 1, 'observing', 2), display('fp-03', 1, 'downloading', 1), display('bh-04', 1, 'downloading', 9),
    display('fp-05', 1, 'waiting', 18, { reason: reason('visitor', 'Wartet auf einen Besucher.', 'Waits for a visitor.', { since_ms: now - 18 * MINUTE, at_ms: now + 30 * MINUTE }) }),
    display('fp-04', 1, 'rolled_back', 6, { reason: reason('reported', 'Das Terminal meldet page_silent: no heartbeat of the page within 30 s after the switch.', 'The display reports page_silent: no heartbeat of the page within 30 s after the switch.') }),
    display('bh-03', 1, 'staged', 3, { reason: reason('only_when_closed', 'Das einzige Terminal seiner Art am Standort (Rollstuhlhöhe): nur, wenn geschlossen ist.', 'The only display of its kind at the site (wheelchair height): only while it is closed.', { at_ms: now + 6 * HOUR }) }),
    display('bh-02', 1, 'pending', 70, { reason: reason('offline', 'Nicht verbunden; es ist an der Reihe, sobald es zurück ist.', 'Not connected; it takes its turn as soon as it is back.', { at_ms: now - 3 * HOUR }) }),
    ...['fp-07', 'fp-08', 'bh-05', 'bh-07', 'bh-08'].map((id) => display(id, 2, 'pending', 70)),
    display('fp-06', null, 'left_out', 70, { before: null, reason: reason('not_enrolled', 'Das Terminal ist noch nicht angemeldet.', 'The display is not enrolled yet.') }),
  ];
  return made('0193-running', {}, displays, [
    wave('Die ersten', { terminals: ['fp-01', 'bh-01'] }, 'through', 0, displays, { begun_ms: now - 70 * MINUTE }),
    wave('Die Hälfte', { percent: 50 }, 'running', 1, displays, { begun_ms: now - 20 * MINUTE }),
    wave('alle übrigen', 'rest', 'pending', 2, displays),
  ]);
}
function past(): Rollout[] {
  const done = [...FP.slice(0, 3), ...BH.slice(0, 3)].map((id, n) => display(id, n < 1 ? 0 : 1, 'confirmed', 90 * 60));
  const back = FP.slice(0, 4).map((id) => display(id, 0, 'returned', 200 * 60));
  const asked = [...FP, ...BH].map((id, n) => display(id, n < 1 ? 0 : 1, 'pending', 12));
  const waves = (displays: RolloutDisplay[], state: 'through' | 'pending') => [wave('1', { count: 1 }, state, 0, displays), wave('alle übrigen', 'rest', state, 1, displays)];
  return [
    made('0192-approval', { title: 'Feiertage', state: 'awaiting_approval', since_ms: now - 12 * MINUTE, made_by: 'admin', started_by: 'admin', four_eyes: true, wave: 0, start_ms: now + 14 * HOUR, throttle_bytes_s: 524_288 }, asked, waves(asked, 'pending')),
    made('0191-completed', { title: 'Winteröffnungszeiten', release: OLD, state: 'completed', since_ms: now - 90 * HOUR, made_ms: now - 92 * HOUR, wave: 2 }, done, waves(done, 'through')),
    made('0190-back', { title: 'Erste Fassung', release: '2026-11-12.1', state: 'rolled_back', since_ms: now - 200 * HOUR, made_ms: now - 201 * HOUR, wave: 0, reason: reason('errors', '1 Fehler in der Welle „1“: zu viele.', '1 errors in the wave "1": too many.') }, back, waves(back, 'through')),
  ];
}
const rollouts = new Map<string, Rollout>([first(), ...past()].map((one) => [one.id, one]));

function summary(one: Rollout): RolloutSummary {
  const { manifest: _m, allow_single: _a, limits: _l, throttle_bytes_s: _t, wait_at_most_s: _w, four_eyes: _f, waves: _v, displays: _d, ...rest } = one;
  return rest;
}
function plan(): Plan {
  const displays = [...FP, ...BH].filter((id) => id !== 'bh-03').map((terminal, n) => ({ terminal, site: terminal.startsWith('fp') ? 'friedensplatz' : 'berswordthalle', wave: n === 0 ? 0 : n < 4 ? 1 : 2, download_ms: now, activate_ms: now + (n < 4 ? 0 : 8 * HOUR), ...(terminal === 'bh-02' ? { reason: reason('offline', 'Nicht verbunden; es ist an der Reihe, sobald es zurück ist.', 'Not connected; it takes its turn as soon as it is back.', { at_ms: now - 3 * HOUR }) } : {}) }));
  const out = [
    { terminal: 'fp-06', site: 'friedensplatz', reason: reason('not_enrolled', 'Das Terminal ist noch nicht angemeldet.', 'The display is not enrolled yet.') },
    { terminal: 'bh-03', site: 'berswordthalle', reason: reason('in_another_rollout', 'Gehört zum Rollout „Termine am Samstag“.', 'Belongs to the rollout "Termine am Samstag".') },
  ];
  return { solvable: true, obstacles: [], waves: [{ name: 'ein Terminal', displays: 1, from_ms: now }, { name: 'bis 25 % dabei sind', displays: 3, from_ms: now + 15 * MINUTE }, { name: 'alle übrigen', displays: 9, from_ms: now + 30 * MINUTE }], displays: [...displays, ...out], four_eyes: false };
}

const AFTER: Record<string, Rollout['state']> = { start: 'scheduled', approve: 'scheduled', pause: 'paused', resume: 'running', back: 'halted', cancel: 'canceled' };
const ok = (data: unknown, status = 200): Answer => ({ status, data });
const problem = (status: number, code: string, detail: string, errors: { pointer: string; message: string }[] = []): Answer => ({ status, data: { type: `/problems/${code}`, title: code, status, code, detail, errors } });

/** Releases, their languages, editions, recalls and rollouts. */
export function published(request: Request): Answer {
  const { method, path, body } = request;
  const [, family, id, part] = path.split('/');
  if (family === 'releases') {
    if (!id) return ok({ releases });
    const release = releases.find((one) => one.name === id);
    if (!release) return problem(404, 'not_found', 'There is no such release.');
    return ok(part === 'languages' ? languages(id) : release);
  }
  if (family === 'editions') return ok(editions());
  if (family === 'recalls') {
    if (method === 'DELETE') recalls = recalls.filter((r) => r.form !== id || r.edition !== part);
    if (method !== 'POST') return method === 'DELETE' ? ok(undefined, 204) : ok({ items: recalls });
    const { form, edition, reason: why } = body as { form: string; edition: string; reason: string };
    const displays = FP.map((terminal) => ({ terminal, state: 'pending' as const, reason: both('Wird gerade übernommen.', 'Is being taken over.') }));
    recalls = [{ form, edition, reason: why, recalled_by: request.session?.user ?? '', recalled_ms: Date.now(), proven: 0, pending: displays.length, displays }, ...recalls];
    return ok(recalls[0], 201);
  }
  return rolling(request, id, part);
}

function rolling({ method, body, headers, session }: Request, id: string | undefined, part: string | undefined): Answer {
  if (id === 'preview' || (!id && method === 'POST')) {
    const { waves, title } = body as { waves: { who: Record<string, unknown> }[]; title: string };
    const wrong = waves.flatMap((w, n) => (w.who['label'] === undefined ? [] : [{ pointer: `/waves/${n}/who/label`, message: `there is no label "${String(w.who['label'])}" under rollouts.labels: wheelchair` }]));
    if (wrong.length) return problem(422, 'invalid', 'The values are not valid.', wrong);
    if (id) return ok(plan());
    const displays = plan().displays.map((d) => display(d.terminal, d.wave ?? null, d.wave === undefined ? 'left_out' : 'pending', 0));
    const one = made(`0194-${randomUUID()}`, { title, state: 'draft', since_ms: Date.now(), made_ms: Date.now(), made_by: session?.user ?? '', started_by: null, wave: 0, revision: 1 }, displays, plan().waves.map((w, n) => wave(w.name, 'rest', 'pending', n, displays)));
    rollouts.set(one.id, one);
    return ok(one, 201);
  }
  if (!id) return ok({ items: [...rollouts.values()].map(summary) });
  const one = rollouts.get(id);
  if (!one) return problem(404, 'not_found', 'There is no such rollout.');
  if (part) {
    const matched = headers['if-match'] === `"${one.revision}"`;
    if (['start', 'approve'].includes(part) && !matched) return problem(412, 'changed', 'It was changed meanwhile; read it again.');
    rollouts.set(id, { ...one, state: AFTER[part] ?? one.state, since_ms: Date.now(), revision: one.revision + 1, reason: part === 'resume' ? null : reason('person', `Durch ${session?.user}.`, `By ${session?.user}.`) });
  }
  return { status: 200, data: rollouts.get(id), headers: { etag: `"${rollouts.get(id)?.revision}"` } };
}
