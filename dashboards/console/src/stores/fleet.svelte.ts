// All displays as the controller last told them. Fetch, then apply what changes; an older word
// never replaces a newer one. Counts and lists are derived from this one map.
import { ApiError, get, query } from '../api/client';
import type { Fleet, Important, Listed, SiteSummary, TerminalSummary } from '../api/types';
import { clock } from './clock.svelte';

/** Rows of one page: a few requests for a thousand displays, none of them heavy. */
const PAGE_ROWS = 500;
/** Changes are shown together: fast enough to feel immediate, slow enough for a storm of reports. */
const FLUSH_MS = 150;
/** The list of what is important is fetched at most this often. */
const IMPORTANT_MS = 1_500;

/** The map after a fetch: what came since by event and is newer stays. */
export function merged(
  fetched: Iterable<TerminalSummary>,
  before: ReadonlyMap<string, TerminalSummary>,
  heardMeanwhile: ReadonlySet<string>,
): Map<string, TerminalSummary> {
  const next = new Map<string, TerminalSummary>();
  for (const terminal of fetched) {
    const held = before.get(terminal.id);
    next.set(terminal.id, held && held.revision > terminal.revision ? held : terminal);
  }
  for (const id of heardMeanwhile) {
    const held = before.get(id);
    if (held && !next.has(id)) next.set(id, held);
  }
  return next;
}

class FleetStore {
  terminals = $state.raw<ReadonlyMap<string, TerminalSummary>>(new Map());
  sites = $state.raw<SiteSummary[]>([]);
  important = $state.raw<Important[]>([]);
  loaded = $state(false);
  error = $state<ApiError | null>(null);
  all = $derived([...this.terminals.values()]);
  #pending = new Map<string, TerminalSummary>();
  #flush: ReturnType<typeof setTimeout> | undefined;
  #importantAt = 0;
  #importantTimer: ReturnType<typeof setTimeout> | undefined;
  #heard: Set<string> | null = null;
  #run = 0;
  /** Where the stream stood when everything was last fetched. */
  #fetchedAt = -1;

  async refetch(): Promise<void> {
    const run = ++this.#run;
    this.#heard = new Set();
    try {
      const [fleet, fetched] = await Promise.all([get<Fleet>('/fleet'), allTerminals()]);
      if (run !== this.#run) return;
      this.#take(fleet);
      this.terminals = merged(fetched, this.terminals, this.#heard);
      this.#heard = null;
      this.#fetchedAt = fleet.revision;
      this.loaded = true;
      this.error = null;
    } catch (error) {
      if (run !== this.#run) return;
      this.error = error instanceof ApiError ? error : new ApiError(0, 'unknown', String(error));
    }
  }

  event(name: string, data: unknown): void {
    if (name === 'hello') clock.set((data as { now_ms: number }).now_ms);
    else if (name === 'terminal') this.#queue(data as TerminalSummary);
    else if (name === 'fleet') this.#fleet(data as Partial<Fleet>);
  }

  /** Whether something may have changed between what was fetched and a stream that begins there. */
  behind(revision: number): boolean {
    return !this.loaded || this.#fetchedAt !== revision;
  }

  clear(): void {
    this.terminals = new Map();
    this.important = [];
    this.loaded = false;
  }

  siteName(id: string): string {
    return this.sites.find((site) => site.id === id)?.name ?? id;
  }

  #queue(terminal: TerminalSummary): void {
    this.#heard?.add(terminal.id);
    this.#pending.set(terminal.id, terminal);
    this.#flush ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    const next = new Map(this.terminals);
    for (const [id, terminal] of this.#pending) {
      const held = next.get(id);
      if (!held || held.revision <= terminal.revision) next.set(id, terminal);
    }
    this.#pending.clear();
    this.terminals = next;
    this.#wantImportant();
  }

  #fleet(fleet: Partial<Fleet>): void {
    if (fleet.now_ms) clock.set(fleet.now_ms);
    if (fleet.sites?.length) this.sites = fleet.sites;
    if (fleet.important) this.important = fleet.important;
    else this.#wantImportant();
  }

  /** What needs attention is the controller's judgment, so it is asked again after changes. */
  #wantImportant(): void {
    if (this.#importantTimer) return;
    const wait = Math.max(0, this.#importantAt + IMPORTANT_MS - Date.now());
    this.#importantTimer = setTimeout(() => {
      this.#importantTimer = undefined;
      this.#importantAt = Date.now();
      get<Fleet>('/fleet').then(
        (fleet) => this.#take(fleet),
        // The next event or resync asks again; the header tells that the line is down.
        () => undefined,
      );
    }, wait);
  }

  #take(fleet: Fleet): void {
    clock.set(fleet.now_ms);
    this.sites = fleet.sites;
    this.important = fleet.important;
  }
}

async function allTerminals(): Promise<TerminalSummary[]> {
  const all: TerminalSummary[] = [];
  let after: string | null = null;
  do {
    const page: Listed<TerminalSummary> = await get(`/terminals${query({ limit: PAGE_ROWS, after })}`);
    all.push(...page.items);
    after = page.next;
  } while (after);
  return all;
}

export const fleet = new FleetStore();
