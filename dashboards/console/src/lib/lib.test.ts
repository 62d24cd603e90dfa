// The pure parts of the console: filters, ages, windows, orders, palette, settings, routes.
import { describe, expect, it } from 'vitest';
import type { Status, TerminalSummary } from '../api/types';
import { arranged, bySite, counts, found, readFilter, toggled } from './filter';
import { sentence } from './i18n.svelte';
import { argumentsOf, build, grave, inOrder } from './orders';
import { search } from './palette';
import { match, withQuery } from './router.svelte';
import { bucket, BUCKETS, span } from './time';
import { bytes, percent } from './units';
import { usageSeries } from './usage';
import { visibleRows } from './window';
import { parse } from '../stores/settings.svelte';

export function terminal(id: string, status: Status, site = 'friedensplatz', revision = 1): TerminalSummary {
  return {
    id, site, label: `Label ${id}`, status, why: [],
    presence: { state: 'online', since_ms: 0, last_seen_ms: 0 }, health: { state: 'ok', since_ms: 0 },
    verdict: null, heartbeats: [], session: null, open_commands: 0, drift: false, agent_version: null,
    enrolled: true, revision, at_ms: 0,
  };
}
const read = (query: string) => readFilter(new URLSearchParams(query));
import { look } from './timeline';

describe('filter', () => {
  const all = [terminal('fp-10', 'ok'), terminal('fp-2', 'ok'), terminal('bh-01', 'fault', 'berswordthalle'), terminal('fp-3', 'offline')];
  it('reads the address and ignores what it does not know', () => {
    expect(read('status=fault,nonsense,ok&sort=worst&view=table')).toMatchObject({ statuses: ['fault', 'ok'], sort: 'worst', view: 'table' });
    expect(read('sort=constructor&view=x')).toMatchObject({ sort: 'worst', view: null, statuses: [] });
  });
  it('takes a state in and out of the address', () => {
    expect(toggled(['ok'], 'fault')).toBe('fault,ok');
    expect(toggled(['fault'], 'fault')).toBeNull();
  });
  it('puts the worst first and counts numbers as numbers', () => {
    expect(arranged(all, read('')).map((t) => t.id)).toEqual(['bh-01', 'fp-3', 'fp-2', 'fp-10']);
    expect(arranged(all, read('sort=place')).map((t) => t.id)).toEqual(['bh-01', 'fp-2', 'fp-3', 'fp-10']);
  });
  it('puts the site with the worst display first', () => {
    const order = ['friedensplatz', 'berswordthalle'];
    expect(bySite(all, order, 'worst').map((g) => g.site)).toEqual(['berswordthalle', 'friedensplatz']);
    expect(bySite(all, order, 'place').map((g) => g.site)).toEqual(order);
  });
  it('finds by every word of the question, also by the name of the site', () => {
    const name = (id: string) => (id === 'berswordthalle' ? 'Self-Service-Center' : 'MigraDo');
    expect(found(all, read('q=self bh'), name).map((t) => t.id)).toEqual(['bh-01']);
    expect(found(all, read('q=self fp'), name)).toEqual([]);
  });
  it('counts a state of a newer controller as unknown', () => {
    expect(counts([terminal('a', 'sleeping' as Status)]).unknown).toBe(1);
  });
});

describe('ages', () => {
  it.each([
    [-5_000, 'now', 0], [4_999, 'now', 0], [5_000, 'seconds', 5], [59_999, 'seconds', 59], [60_000, 'minutes', 1],
    [3_599_999, 'minutes', 59], [3_600_000, 'hours', 1], [47 * 3_600_000, 'hours', 47], [48 * 3_600_000, 'days', 2],
  ] as const)('says %d ms as %s', (ms, unit, count) => expect(span(ms)).toEqual({ unit, count }));
  it('puts now into the newest bucket', () => {
    const now = 1_800_000_123_456;
    const newest = bucket(BUCKETS - 1, now);
    expect(newest.from <= now && now < newest.to).toBe(true);
    expect(bucket(0, now).to).toBe(newest.from - 28 * 600_000);
  });
});

describe('window', () => {
  it('holds the rows in view and a few around them', () => {
    expect(visibleRows(1_000, 40, 4_000, 800)).toEqual({ first: 92, last: 128 });
  });
  it('is never empty while there are rows, and never beyond them', () => {
    for (const above of [-5_000, -1, 0, 39_000, 60_000]) {
      const { first, last } = visibleRows(1_000, 40, above, 800);
      expect(first).toBeLessThan(last);
      expect(last).toBeLessThanOrEqual(1_000);
    }
    expect(visibleRows(0, 40, 0, 800)).toEqual({ first: 0, last: 0 });
  });
});

describe('orders', () => {
  it('turns what people type into what the wire says', () => {
    expect(build('identify', { seconds: '45' })).toEqual({ verb: 'identify', seconds: 45 });
    expect(build('collect_logs', {})).toEqual({ verb: 'collect_logs', since_s: 1_800 });
    expect(build('restart_service', { unit: ' cups.service ' })).toEqual({ verb: 'restart_service', unit: 'cups.service' });
    const newer = { verb: 'dance', text: { de: '', en: '' }, effect: { de: '', en: '' }, disturbs_session: false, default_start_by_s: 1, default_finish_by_s: 1, arguments: [{ name: 'steps', type: 'number', text: { de: '', en: '' }, default: 3, max: 9 }] };
    expect(build('dance', {}, newer)).toEqual({ verb: 'dance', steps: 3 });
    expect(build('reboot', { stray: 'x' })).toEqual({ verb: 'reboot' });
  });
  it('says what an order says besides its verb, in sentences', () => {
    const of = (language: 'de' | 'en', order: Record<string, unknown>) => argumentsOf(order, (id, args) => sentence(language, id, args));
    expect(of('en', { verb: 'identify', seconds: 1 })).toBe('for a second');
    expect(of('de', { verb: 'identify', seconds: 30 })).toBe('für 30 Sekunden');
    expect(of('de', { verb: 'collect_logs', since_s: 60 })).toBe('aus der letzten Minute');
    expect(of('en', { verb: 'collect_logs', since_s: 5 })).toBe('from the last minute');
    expect(of('en', { verb: 'set_out_of_service', reason: 'Glas gesprungen' })).toBe('Glas gesprungen');
    expect(of('en', { verb: 'reboot' })).toBe('');
  });
  it('lists the gravest last and a verb it does not know at the end', () => {
    expect(inOrder([{ verb: 'dance' }, { verb: 'reboot' }, { verb: 'identify' }]).map((v) => v.verb)).toEqual(['identify', 'reboot', 'dance']);
    expect(grave('reboot') && !grave('identify')).toBe(true);
  });
});

describe('the rest', () => {
  it('keeps the order of a query and drops what was taken away', () => {
    expect(withQuery('?q=a&site=b', { q: null, status: 'fault,ok' })).toBe('?site=b&status=fault,ok');
    expect(withQuery('?q=a', { q: '' })).toBe('');
  });
  it('knows its routes', () => {
    expect(match('/terminals/fp-01')).toEqual({ name: 'terminal', params: { id: 'fp-01' } });
    expect(match('/terminals/a/b').name).toBe('missing');
  });
  it('says sizes in the language of the reader', () => {
    expect(bytes(1.5 * 1024 ** 3, 'de')).toBe('1,5 GiB');
    expect(bytes(1.5 * 1024 ** 3, 'en')).toBe('1.5 GiB');
    expect(percent(1, 0)).toBeNull();
  });
  it('shows hours in which nothing was counted as bars of nothing', () => {
    const series = usageSeries([{ hour_ms: 99 * 3_600_000, counts: { sheets_printed: 4 } }], 'sheets_printed', 100, 7);
    expect(series.bars).toHaveLength(168);
    expect(series.bars.at(-2)?.count).toBe(4);
    expect(series.total).toBe(4);
    expect(series.days).toHaveLength(7);
  });
  it('finds in the palette what begins with the question before what contains it', () => {
    const entry = (text: string, hint = '') => ({ id: text, text, hint, icon: '', run: () => undefined });
    expect(search([entry('zeige bh-01'), entry('bh-01')], 'bh').map((e) => e.text)).toEqual(['bh-01', 'zeige bh-01']);
    expect(search([entry('a', 'Eingang')], 'eing x')).toEqual([]);
  });
  it('takes foreign settings for the defaults', () => {
    expect(parse('{"language":"fr","theme":1}')).toEqual({ language: 'de', theme: 'auto', shortcuts: true });
    expect(parse('not json')).toEqual(parse(null));
    expect(parse('{"language":"en","shortcuts":false}')).toEqual({ language: 'en', theme: 'auto', shortcuts: false });
  });
});

describe('a line of the timeline', () => {
  it('has a shape for every kind', () => {
    expect(look({ kind: 'command', code: 'timed_out' })).toBe('timed_out');
    expect(look({ kind: 'presence', code: 'offline' })).toBe('offline');
    expect(look({ kind: 'health', code: 'printer:ok' })).toBe('ok');
    expect(look({ kind: 'health', code: 'printer:paper_empty' })).toBe('warning');
    expect(look({ kind: 'health', code: 'page:starting' })).toBe('unknown');
    expect(look({ kind: 'refusal', code: 'malformed' })).toBe('fault');
    expect(look({ kind: 'audit', code: 'enroll' })).toBe('person');
  });
});
