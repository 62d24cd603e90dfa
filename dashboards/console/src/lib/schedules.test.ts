import { describe, expect, it } from 'vitest';
import type { Schedule } from '../api/types';
import { EMPTY, plan, scheduleForm } from './schedules';

const kept = (more: Partial<Schedule>): Schedule => ({
  id: 's', name: 'Nachts', when: { cron: '0 3 * * *' }, terminals: 'all', order: { verb: 'restart_page' }, only_when: 'closed',
  grace_minutes: 60, paused: false, changed_ms: 0, changed_by: 'admin', revision: 1, ...more,
});

describe('scheduled order', () => {
  it('is the same after a look at its form', () => {
    for (const more of [
      {},
      { terminals: { site: 'friedensplatz' } },
      { terminals: { label: 'Halle' }, only_when: 'any' as const },
      { terminals: ['fp-01', 'fp-02'], when: { at: '2026-12-24T13:00' } },
      { order: { verb: 'collect_logs', since_s: 3_600 } },
      { order: { verb: 'identify', seconds: 5 }, grace_minutes: 5 },
    ]) {
      const { name, when, terminals, order, only_when, grace_minutes } = kept(more);
      expect(plan(scheduleForm(kept(more)))).toEqual({ name, when, terminals, order, only_when, grace_minutes });
    }
  });
  it('shows a dated time without its seconds', () => {
    expect(scheduleForm(kept({ when: { at: '2026-12-24T13:00:00' } })).at).toBe('2026-12-24T13:00');
  });
  it('takes displays as people type them', () => {
    expect(plan({ ...EMPTY, verb: 'test_print', scope: 'terminals', which: ' fp-01,fp-02  bh-01,' })['terminals']).toEqual(['fp-01', 'fp-02', 'bh-01']);
  });
});
