import { describe, expect, it } from 'vitest';
import type { Edition, Languages, Recall } from '../api/content';
import { bySite, byUrgency, gone, proof, rows, validity } from './content';
import { shortMoment } from './time';
import { left } from './units';

const edition = (more: Partial<Edition>): Edition => ({
  form: 'wbs', edition: '2026-01', title: 'WBS', office: 'wohnen', valid_from: '2026-01-01', valid_until: '2026-12-31',
  releases: ['r'], live_on: ['fp-01'], held_back_on: [], recall: null, ...more,
});

describe('where a release is', () => {
  it('is told by site, and only where it plays a part', () => {
    const terminals = [{ id: 'fp-01', site: 'fp' }, { id: 'fp-02', site: 'fp' }, { id: 'bh-01', site: 'bh' }, { id: 'x-01', site: 'x' }];
    expect(bySite({ in_service: ['fp-01'], on_the_way: ['fp-02', 'gone-01'], refused: ['bh-01'] }, terminals)).toEqual([
      { site: 'fp', total: 2, in_service: ['fp-01'], on_the_way: ['fp-02'], refused: [] },
      { site: 'bh', total: 1, in_service: [], on_the_way: [], refused: ['bh-01'] },
      { site: '', total: 0, in_service: [], on_the_way: ['gone-01'], refused: [] },
    ]);
  });
});

describe('a release that was taken back', () => {
  it('is gone from where another one is served', () => {
    const live = [{ terminals: ['fp-01', 'fp-02'] }, { terminals: ['bh-02'] }];
    expect(gone({ in_service: ['bh-02'] }, live)).toEqual({ proven: 2, of: 3, still: ['bh-02'] });
    expect(gone({ in_service: [] }, live)).toEqual({ proven: 3, of: 3, still: [] });
  });
});

describe('an edition', () => {
  it('is valid on its first and last day, and ends soon before that', () => {
    expect(validity(edition({}), '2025-12-31')).toBe('not_yet');
    expect(validity(edition({}), '2026-01-01')).toBe('valid');
    expect(validity(edition({}), '2026-12-01')).toBe('valid');
    expect(validity(edition({}), '2026-12-02')).toBe('ends_soon');
    expect(validity(edition({}), '2026-12-31')).toBe('ends_soon');
    expect(validity(edition({}), '2027-01-01')).toBe('expired');
    expect(validity(edition({ recall: { reason: 'x', recalled_by: 'a', recalled_ms: 1 } }), '2027-01-01')).toBe('recalled');
  });
  it('comes first when it is handed out and should not be', () => {
    const list = [edition({ form: 'a' }), edition({ form: 'b', valid_until: '2026-01-02' }), edition({ form: 'c', valid_until: '2026-01-02', live_on: [] })];
    expect(byUrgency(list, '2026-06-01').map((e) => e.form)).toEqual(['b', 'a', 'c']);
  });
});

describe('a recall', () => {
  it('names who has not proven it', () => {
    const recall: Recall = {
      form: 'wbs', edition: '2026-01', reason: 'x', recalled_by: 'a', recalled_ms: 1, proven: 1, pending: 1,
      displays: [{ terminal: 'fp-01', state: 'proven', at_ms: 1 }, { terminal: 'bh-02', state: 'pending' }],
    };
    expect(proof(recall)).toEqual({ proven: 1, of: 2, missing: [{ terminal: 'bh-02', state: 'pending' }] });
  });
});

describe('the matrix', () => {
  it('can show gaps alone', () => {
    const matrix = { items: [{ kind: 'home', id: 'home', cells: ['checked', 'draft'] }, { kind: 'form', id: 'x', cells: ['checked', 'checked'] }] } as unknown as Languages;
    expect(rows(matrix, true).map((r) => r.kind)).toEqual(['home']);
    expect(rows(matrix, false)).toHaveLength(2);
  });
});

describe('times for people', () => {
  it('have the unit that people use', () => {
    expect([0.2, 99, 100, 5_999, 6_000].map((s) => left(s))).toEqual([
      { unit: 'seconds', count: 1 }, { unit: 'seconds', count: 99 }, { unit: 'minutes', count: 2 }, { unit: 'minutes', count: 100 }, { unit: 'hours', count: 2 },
    ]);
  });
  it('say the day where it is another one', () => {
    const at = Date.parse('2026-11-25T09:42:00Z');
    expect(shortMoment(at, at + 3_600_000, 'en')).toBe('10:42');
    expect(shortMoment(at, at + 24 * 3_600_000, 'en')).toContain('25/11');
  });
});
