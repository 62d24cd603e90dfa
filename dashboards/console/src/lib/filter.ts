// Which displays are shown, and in which order: read from and written to the query of the page.
import { STATUSES, type Status, type TerminalSummary } from '../api/types';

export const SORTS = ['worst', 'place', 'seen'] as const;
export type Sort = (typeof SORTS)[number];

export interface Filter {
  site: string | null;
  statuses: Status[];
  q: string;
  sort: Sort;
  /** null: by the number of displays. */
  view: 'cards' | 'table' | null;
}

export function readFilter(query: URLSearchParams): Filter {
  const asked = (query.get('status') ?? '').split(',');
  const sort = query.get('sort') as Sort;
  const view = query.get('view');
  return {
    site: query.get('site'),
    statuses: STATUSES.filter((status) => asked.includes(status)),
    q: query.get('q') ?? '',
    sort: SORTS.includes(sort) ? sort : 'worst',
    view: view === 'table' || view === 'cards' ? view : null,
  };
}

/** Value of `status=` after a tile was pressed; null when none is left. */
export function toggled(statuses: readonly Status[], status: Status): string | null {
  const next = STATUSES.filter((s) => (s === status) !== statuses.includes(s));
  return next.length ? next.join(',') : null;
}

export function rank(status: Status): number {
  const found = STATUSES.indexOf(status);
  return found < 0 ? STATUSES.indexOf('unknown') : found;
}

export function counts(terminals: Iterable<TerminalSummary>): Record<Status, number> {
  const total = Object.fromEntries(STATUSES.map((s) => [s, 0])) as Record<Status, number>;
  for (const terminal of terminals) total[STATUSES[rank(terminal.status)] as Status] += 1;
  return total;
}

function words(terminal: TerminalSummary, siteName: (id: string) => string): string {
  const why = terminal.why.map((w) => `${w.text.de} ${w.text.en}`).join(' ');
  return `${terminal.id} ${terminal.label} ${siteName(terminal.site)} ${why}`.toLowerCase();
}

/** All but the status, so that tiles can count what a press would show. */
export function found(all: TerminalSummary[], filter: Filter, siteName: (id: string) => string): TerminalSummary[] {
  const wanted = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((terminal) => {
    if (filter.site && terminal.site !== filter.site) return false;
    if (!wanted.length) return true;
    const text = words(terminal, siteName);
    return wanted.every((w) => text.includes(w));
  });
}

const BY: Record<Sort, (a: TerminalSummary, b: TerminalSummary) => number> = {
  worst: (a, b) => rank(a.status) - rank(b.status) || byPlace(a, b),
  place: byPlace,
  seen: (a, b) => (a.presence.last_seen_ms ?? 0) - (b.presence.last_seen_ms ?? 0) || byPlace(a, b),
};
function byPlace(a: TerminalSummary, b: TerminalSummary): number {
  return a.id.localeCompare(b.id, 'de', { numeric: true });
}

export function arranged(terminals: TerminalSummary[], filter: Filter): TerminalSummary[] {
  const { statuses } = filter;
  const shown = statuses.length ? terminals.filter((t) => statuses.includes(t.status)) : [...terminals];
  return shown.sort(BY[filter.sort]);
}

export interface Group {
  site: string;
  terminals: TerminalSummary[];
}

/** By site, the site with the worst display first; with `place` in the controller's order. */
export function bySite(terminals: TerminalSummary[], order: string[], sort: Sort): Group[] {
  const groups = new Map<string, TerminalSummary[]>(order.map((site) => [site, []]));
  for (const terminal of terminals) {
    const group = groups.get(terminal.site);
    if (group) group.push(terminal);
    else groups.set(terminal.site, [terminal]);
  }
  const filled = [...groups].map(([site, list]) => ({ site, terminals: list })).filter((g) => g.terminals.length);
  if (sort !== 'worst') return filled;
  const worst = (g: Group) => Math.min(...g.terminals.map((t) => rank(t.status)));
  const at = (g: Group) => g.terminals.filter((t) => rank(t.status) === worst(g)).length;
  return filled.sort((a, b) => worst(a) - worst(b) || at(b) - at(a));
}
