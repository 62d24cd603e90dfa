// Orders as the controller tells them, by id. Nothing here is guessed: an order counts as done
// when the word of the display says so.
import { call, get, query } from '../api/client';
import type { Command, CommandState, Listed, Preview, Targets, Verb, VerbInfo } from '../api/types';

const SETTLED: readonly CommandState[] = [
  'succeeded',
  'failed',
  'rejected',
  'timed_out',
  'expired',
  'canceled',
];
/** Orders kept in memory; older ones are fetched when somebody looks at them. */
const KEPT_MAX = 2_000;

export function settled(state: CommandState): boolean {
  return SETTLED.includes(state);
}

/** Whether taking it back may still help. */
export function cancelable(command: Command): boolean {
  return ['queued', 'sent', 'accepted'].includes(command.state) && !command.cancel_requested;
}

export interface Draft {
  terminals: Targets;
  order: Verb;
  start_by_s?: number;
  finish_by_s?: number;
  force_reason?: string;
  reason?: string;
}

class CommandStore {
  #byId = $state.raw<ReadonlyMap<string, Command>>(new Map());
  verbs = $state.raw<VerbInfo[]>([]);

  get(id: string): Command | undefined {
    return this.#byId.get(id);
  }

  /** Newest first. */
  where(test: (command: Command) => boolean): Command[] {
    return [...this.#byId.values()].filter(test).sort((a, b) => b.issued_ms - a.issued_ms || (a.id < b.id ? 1 : -1));
  }

  take(commands: Command[]): void {
    const next = new Map(this.#byId);
    for (const command of commands) {
      const held = next.get(command.id);
      if (!held || held.revision <= command.revision) next.set(command.id, command);
    }
    for (const id of next.keys()) {
      if (next.size <= KEPT_MAX) break;
      next.delete(id);
    }
    this.#byId = next;
  }

  event(name: string, data: unknown): void {
    if (name === 'command') this.take([data as Command]);
  }

  /** Brings a list into the store and says where it goes on. */
  async load(filter: Record<string, string | number | boolean | null | undefined>): Promise<string | null> {
    const page = await get<Listed<Command>>(`/commands${query({ limit: 100, ...filter })}`);
    this.take(page.items);
    return page.next;
  }

  async loadVerbs(): Promise<void> {
    const answer = await get<VerbInfo[] | Listed<VerbInfo>>('/verbs');
    this.verbs = Array.isArray(answer) ? answer : answer.items;
  }

  verb(word: string): VerbInfo | undefined {
    return this.verbs.find((verb) => verb.verb === word);
  }

  async preview(draft: Draft): Promise<Preview> {
    const { terminals, order, force_reason } = draft;
    return (await call<Preview>('POST', '/commands/preview', { body: { terminals, order, force_reason } })).data;
  }

  /** The key makes a second try of the same order harmless. */
  async issue(draft: Draft, key: string): Promise<{ batch: string; commands: Command[] }> {
    const { data } = await call<{ batch: string; commands: Command[] }>('POST', '/commands', {
      body: draft,
      headers: { 'idempotency-key': key },
    });
    this.take(data.commands);
    return data;
  }

  async cancel(id: string): Promise<void> {
    this.take([(await call<Command>('POST', `/commands/${id}/cancel`, { body: {} })).data]);
  }

  clear(): void {
    this.#byId = new Map();
  }
}

export const commands = new CommandStore();
