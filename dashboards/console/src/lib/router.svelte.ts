// Routes of the console over the History API. Filters, sorting and selection of views live in the
// query, so that every view can be linked.

export interface Match {
  name: 'overview' | 'terminal' | 'orders' | 'calendar' | 'schedules' | 'content' | 'rollouts' | 'rollout' | 'audit' | 'access' | 'settings' | 'missing';
  params: Record<string, string>;
}

const ROUTES: [RegExp, Match['name'], string[]][] = [
  [/^\/$/, 'overview', []],
  [/^\/terminals\/?$/, 'overview', []],
  [/^\/terminals\/([^/]+)$/, 'terminal', ['id']],
  [/^\/orders$/, 'orders', []],
  [/^\/calendar$/, 'calendar', []],
  [/^\/schedules$/, 'schedules', []],
  [/^\/content$/, 'content', []],
  [/^\/rollouts$/, 'rollouts', []],
  [/^\/rollouts\/([^/]+)$/, 'rollout', ['id']],
  [/^\/audit$/, 'audit', []],
  [/^\/access$/, 'access', []],
  [/^\/settings$/, 'settings', []],
];

export function match(path: string): Match {
  for (const [pattern, name, keys] of ROUTES) {
    const found = pattern.exec(path);
    if (!found) continue;
    const params: Record<string, string> = {};
    keys.forEach((key, i) => (params[key] = decodeURIComponent(found[i + 1] ?? '')));
    return { name, params };
  }
  return { name: 'missing', params: {} };
}

/** The query after `changes`; null takes a key away. Keys keep their order, so links stay equal. */
export function withQuery(search: string, changes: Record<string, string | null>): string {
  const next = new URLSearchParams(search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString().replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}

const browser = typeof window !== 'undefined';

class Router {
  path = $state(browser ? location.pathname : '/');
  search = $state(browser ? location.search : '');
  query = $derived(new URLSearchParams(this.search));
  at = $derived(match(this.path));

  start(): void {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#click(event));
  }

  go(url: string, replace = false): void {
    const moved = new URL(url, location.href).pathname !== this.path;
    history[replace ? 'replaceState' : 'pushState'](null, '', url);
    this.#read();
    if (moved) scrollTo(0, 0);
  }

  /** Changes the query of this page; typing replaces, choosing adds a step back. */
  set(changes: Record<string, string | null>, replace = true): void {
    this.go(this.path + withQuery(this.search, changes), replace);
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.pathname.startsWith('/api/') || link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
