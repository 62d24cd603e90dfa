import { describe, expect, it } from 'vitest';
import type { Counts, RolloutState, Step } from '../api/content';
import { actions, counted, elsewhere, emptyForm, needsMatch, parts, request, STEPS, times, wave } from './rollouts';
import { officeMs } from './time';

describe('bar of a rollout', () => {
  it('is as long as its parts together, in their order', () => {
    const all = parts({ confirmed: 2, downloading: 1, pending: 1, failed: 1 });
    expect(all.map((p) => [p.group, p.count, p.from])).toEqual([['done', 2, 0], ['going', 1, 40], ['waiting', 1, 60], ['error', 1, 80]]);
    expect(all.reduce((sum, p) => sum + p.length, 0)).toBeCloseTo(100);
  });
  it('has no parts without displays, and takes a step it does not know', () => {
    expect(parts({})).toEqual([]);
    expect(parts({ pondering: 1 } as unknown as Counts).map((p) => p.group)).toEqual(['waiting']);
  });
  it('names what needs somebody first', () => {
    expect(counted({ confirmed: 3, failed: 1, pending: 0, downloading: 2 }).map((c) => c.step)).toEqual(['failed', 'downloading', 'confirmed']);
  });
  it('knows every step once', () => {
    const every: Record<Step, true> = {
      pending: true, downloading: true, staged: true, waiting: true, activating: true, observing: true, confirmed: true, rolled_back: true,
      failed: true, timed_out: true, unreached: true, left_out: true, returning: true, returned: true,
    };
    expect([...STEPS].sort()).toEqual(Object.keys(every).sort());
  });
});

describe('what a person may want', () => {
  it('fits the state, and nothing leads out of what was taken back', () => {
    expect(actions('running')).toEqual(['pause', 'back', 'cancel']);
    expect(actions('awaiting_approval')).toEqual(['approve', 'cancel']);
    expect(actions('rolled_back')).toEqual([]);
    expect(actions('pondering' as RolloutState)).toEqual([]);
  });
  it('refers to what was read where it begins something', () => {
    expect((['start', 'approve', 'pause', 'resume', 'back', 'cancel'] as const).filter(needsMatch)).toEqual(['start', 'approve']);
  });
});

describe('the times of a reason', () => {
  it('are a wait with its end, or what they mean for the reason', () => {
    expect(times({ code: 'visitor', at_ms: 2, since_ms: 1 })).toBe('wait');
    expect(times({ code: 'visitor', at_ms: 1 })).toBe('since');
    expect(times({ code: 'penalty_box', at_ms: 1 })).toBe('until');
    expect(times({ code: 'window_opens', at_ms: 1 })).toBe('from');
    expect(times({ code: 'offline', at_ms: 1 })).toBe('since');
    expect(times({ code: 'no_wave' })).toBe('none');
  });
});

describe('form of a rollout', () => {
  const named = (form = emptyForm('2026-11-25.1')) => request(form, (_, n) => `wave ${n + 1}`) as Record<string, never>;
  it('asks for one display, a quarter and the rest when nothing is chosen', () => {
    expect(named()['waves']).toEqual([
      { name: 'wave 1', who: { count: 1 }, success_percent: 100, errors_max: { count: 0 }, observe_s: 900, pause_after: false },
      { name: 'wave 2', who: { percent: 25 }, success_percent: 100, errors_max: { count: 0 }, observe_s: 900, pause_after: false },
      { name: 'wave 3', who: 'rest', success_percent: 100, errors_max: { count: 0 }, observe_s: 900, pause_after: false },
    ]);
    expect(named()['title']).toBe('2026-11-25.1');
    expect(named()['start_ms']).toBeUndefined();
    expect(named()['limits']).toEqual({ reach_s: 259_200, download_s: 43_200, activate_s: 3600 });
  });
  it('takes what people type', () => {
    const form = {
      ...emptyForm('r'), title: ' Herbst ', scope: 'terminals' as const, which: 'fp-01, bh-01', start: '2026-12-01T06:00', throttleKiB: '512', waitMinutes: '0',
      waves: [wave('terminals', 'fp-01', { name: ' erste ', errorsIn: 'percent' as const, errors: 10, observeMinutes: 0.5 }), wave('label', ' Halle ')],
    };
    const asked = named(form);
    expect(asked['title']).toBe('Herbst');
    expect(asked['terminals']).toEqual(['fp-01', 'bh-01']);
    expect(asked['start_ms']).toBe(Date.parse('2026-12-01T05:00:00Z'));
    expect(asked['throttle_bytes_s']).toBe(524_288);
    expect(asked['wait_at_most_s']).toBe(0);
    expect(asked['waves']).toMatchObject([{ name: 'erste', who: { terminals: ['fp-01'] }, errors_max: { percent: 10 }, observe_s: 30 }, { who: { label: 'Halle' } }]);
  });
  it('finds a field for every mistake that has one', () => {
    const at = (pointer: string) => ({ pointer, message: '' });
    expect(elsewhere([at('/waves/0/who/label'), at('/waves'), at('/limits/reach_s'), at('/manifest')])).toEqual([at('/waves'), at('/manifest')]);
  });
});

describe('time of the offices', () => {
  it('holds across the change to and from summer time', () => {
    expect(officeMs('2026-07-01T06:00')).toBe(Date.parse('2026-07-01T04:00:00Z'));
    expect(officeMs('2026-10-25T06:00')).toBe(Date.parse('2026-10-25T05:00:00Z'));
    expect(officeMs('2026-03-29T03:30')).toBe(Date.parse('2026-03-29T01:30:00Z'));
  });
});
