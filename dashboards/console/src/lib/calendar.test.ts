import { describe, expect, it } from 'vitest';
import type { Calendar } from '../api/types';
import { calendar, elsewhere, form, isMonth, mistakes, monthAfter, shifted, weeks } from './calendar';

describe('month', () => {
  it('is whole weeks from Monday, also over the days of the clock change', () => {
    const march = weeks('2026-03');
    expect(march[0]).toEqual(['2026-02-23', '2026-02-24', '2026-02-25', '2026-02-26', '2026-02-27', '2026-02-28', '2026-03-01']);
    expect(march.at(-1)).toEqual(['2026-03-30', '2026-03-31', '2026-04-01', '2026-04-02', '2026-04-03', '2026-04-04', '2026-04-05']);
    expect(weeks('2026-10').flat()).toContain('2026-10-25');
    expect(new Set(weeks('2026-10').flat()).size).toBe(35);
    expect(weeks('2027-02')).toHaveLength(4);
  });
  it('leads over the ends of years and leap days', () => {
    expect(monthAfter('2026-12', 1)).toBe('2027-01');
    expect(monthAfter('2026-01', -1)).toBe('2025-12');
    expect(shifted('2028-02-28', 1)).toBe('2028-02-29');
  });
  it('takes only a month from the address', () => {
    expect(['2026-12', '2026-13', '2026-1', '', null, '99999-01'].map(isMonth)).toEqual([true, false, false, false, false, false]);
  });
});

describe('form', () => {
  const whole: Calendar = {
    opening_hours: { monday: ['08:00-12:00', '13:00-15:30'] },
    special_days: [{ date: '2026-12-24', hours: [], reason: 'Heiligabend' }],
    closures: [{ from: '2026-12-28', until: '2026-12-31T12:00', reason: 'Ferien' }],
    windows: { download: 'always', activate: 'closed', restart: { cron: '0 3 * * *', minutes: 90 } },
  };
  it('gives back what it was made of', () => {
    expect(calendar(form(whole))).toEqual(whole);
    const bare: Calendar = { windows: { download: 'always', activate: 'always', restart: 'always' } };
    expect(calendar(form(bare))).toEqual({ ...bare, special_days: [], closures: [] });
  });
  it('takes hours as people type them', () => {
    const typed = form(whole);
    typed.hours.tuesday = ' 08:00–12:00 ; 13:00-14:00,';
    expect(calendar(typed).opening_hours?.tuesday).toEqual(['08:00-12:00', '13:00-14:00']);
  });
  it('brings every mistake to its field, and the others to the top', () => {
    const errors = [
      { pointer: '/opening_hours/monday/1', message: 'a' },
      { pointer: '/special_days/0/hours/0', message: 'b' },
      { pointer: '/windows/restart/cron', message: 'c' },
      { pointer: '/special_days', message: 'd' },
      { pointer: '/closures/10/from', message: 'e' },
    ];
    expect(mistakes(errors, '/opening_hours/monday')).toEqual(['a']);
    expect(mistakes(errors, '/special_days/0/hours')).toEqual(['b']);
    expect(mistakes(errors, '/windows/restart')).toEqual(['c']);
    expect(mistakes(errors, '/closures/1')).toEqual([]);
    expect(elsewhere(errors).map((e) => e.message)).toEqual(['d']);
  });
});
