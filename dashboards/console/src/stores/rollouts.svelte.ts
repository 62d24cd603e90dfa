// Rollouts as the controller tells them, by id; an older word never replaces a newer one.
import { get } from '../api/client';
import type { RolloutSummary } from '../api/content';

class RolloutStore {
  #byId = $state.raw<ReadonlyMap<string, RolloutSummary>>(new Map());
  loaded = $state(false);
  /** Newest first: an id begins with its time. */
  all = $derived([...this.#byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)));

  get(id: string): RolloutSummary | undefined {
    return this.#byId.get(id);
  }

  take(summaries: RolloutSummary[]): void {
    const next = new Map(this.#byId);
    for (const one of summaries) {
      const held = next.get(one.id);
      if (!held || held.revision <= one.revision) next.set(one.id, one);
    }
    this.#byId = next;
  }

  event(name: string, data: unknown): void {
    if (name === 'rollout') this.take([data as RolloutSummary]);
  }

  async load(): Promise<void> {
    this.take((await get<{ items: RolloutSummary[] }>('/rollouts')).items);
    this.loaded = true;
  }

  clear(): void {
    this.#byId = new Map();
    this.loaded = false;
  }
}

export const rollouts = new RolloutStore();
