// Content as the page shows it: where a release is by site, how long an edition is valid, and what a
// recall has proven.
import type { Cell, Edition, Languages, Recall, Release } from '../api/content';

export type Place = 'in_service' | 'on_the_way' | 'refused';
export interface SiteCount {
  site: string;
  total: number;
  in_service: string[];
  on_the_way: string[];
  refused: string[];
}

/** Where a release is, by site; sites in which it plays no part are left out. */
export function bySite(release: Pick<Release, Place>, terminals: Iterable<{ id: string; site: string }>): SiteCount[] {
  const sites = new Map<string, SiteCount>();
  const place = new Map<string, Place>();
  for (const kind of ['in_service', 'on_the_way', 'refused'] as const) for (const id of release[kind]) place.set(id, kind);
  const of = (site: string) => {
    const found = sites.get(site) ?? { site, total: 0, in_service: [], on_the_way: [], refused: [] };
    sites.set(site, found);
    return found;
  };
  for (const { id, site } of terminals) {
    const count = of(site);
    count.total += 1;
    const kind = place.get(id);
    if (kind) count[kind].push(id);
    place.delete(id);
  }
  // A display that was retired since, or that the page does not know yet.
  for (const [id, kind] of place) of('')[kind].push(id);
  return [...sites.values()].filter((s) => s.in_service.length + s.on_the_way.length + s.refused.length > 0);
}

/** A release that was taken back: how many displays say that they serve another, and which still do not. */
export function gone(release: Pick<Release, 'in_service'>, live: { terminals: string[] }[]): { proven: number; of: number; still: string[] } {
  const of = live.reduce((sum, one) => sum + one.terminals.length, 0);
  return { proven: of - release.in_service.length, of, still: release.in_service };
}

/** Days before its end at which an edition ends soon: time to print and publish the next. */
export const ENDS_SOON_DAYS = 30;
const DAY_MS = 86_400_000;
export type Validity = 'recalled' | 'expired' | 'not_yet' | 'ends_soon' | 'valid';

/** How an edition stands on a day at the offices, `2026-11-25`. */
export function validity(edition: Pick<Edition, 'valid_from' | 'valid_until' | 'recall'>, today: string): Validity {
  if (edition.recall) return 'recalled';
  if (edition.valid_until < today) return 'expired';
  if (edition.valid_from > today) return 'not_yet';
  const days = (Date.parse(`${edition.valid_until}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / DAY_MS;
  return days < ENDS_SOON_DAYS ? 'ends_soon' : 'valid';
}

const URGENCY: readonly Validity[] = ['expired', 'recalled', 'ends_soon', 'not_yet', 'valid'];
/** Editions, those first that visitors get and should not; of equals those that are handed out. */
export function byUrgency(editions: Edition[], today: string): Edition[] {
  const at = (edition: Edition) => {
    const state = validity(edition, today);
    return edition.live_on.length === 0 ? URGENCY.length : URGENCY.indexOf(state);
  };
  return [...editions].sort((a, b) => at(a) - at(b) || a.form.localeCompare(b.form) || b.edition.localeCompare(a.edition));
}

export interface Proof {
  proven: number;
  of: number;
  missing: Recall['displays'];
}
/** How far a recall is proven, and by whom not. */
export function proof(recall: Recall): Proof {
  return { proven: recall.proven, of: recall.displays.length, missing: recall.displays.filter((d) => d.state !== 'proven') };
}

/** Rows of a matrix, with gaps alone if wanted; home and strings come first as the controller has them. */
export function rows(matrix: Languages, gapsOnly: boolean): Languages['items'] {
  return gapsOnly ? matrix.items.filter((item) => item.cells.some((cell) => cell !== 'checked')) : matrix.items;
}
export const MARKS: Record<Cell, string> = { checked: 'ok', draft: 'warning', missing: 'fault' };
