// What the agent says that the page shows. The agent decides; the page has one look per state.
export const STATES = ['starting', 'ready', 'inform_only', 'out_of_service', 'updating'] as const;
export type State = (typeof STATES)[number];

export interface View {
  state: State;
  terminal: string;
  label: string;
  site: string;
  languages: string[];
  idle_s: number;
  session: string | null;
  identify: boolean;
  load: number;
  controller_online: boolean;
  release: { id: string; name: string } | null;
  recalled: [string, string][];
  jobs: Job[];
}

/** A form on its way to paper. */
export interface Job {
  id: number;
  form: string;
  sheets: number;
  state: 'printing' | 'waiting' | 'done' | 'failed';
  reason?: string;
}

/** Silence of the agent, in ms, after which the page shows its own out-of-service view. */
export const SILENCE_MS = 10_000;
/** Seconds before the end of a session at which the page asks whether somebody is there. */
export const WARNING_S = 20;

/** Reads what came over the wire; `null` keeps the last view. An unknown state is none to promise. */
export function readView(text: string): View | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const raw = value as Partial<View>;
  if (typeof raw.terminal !== 'string' || typeof raw.load !== 'number') return null;
  return {
    state: STATES.find((state) => state === raw.state) ?? 'starting',
    terminal: raw.terminal,
    label: raw.label ?? '',
    site: raw.site ?? '',
    languages: Array.isArray(raw.languages) ? raw.languages : [],
    idle_s: raw.idle_s ?? 120,
    session: raw.session ?? null,
    identify: raw.identify ?? false,
    load: raw.load,
    controller_online: raw.controller_online ?? false,
    release: typeof raw.release?.id === 'string' ? raw.release : null,
    recalled: Array.isArray(raw.recalled) ? raw.recalled : [],
    jobs: Array.isArray(raw.jobs) ? raw.jobs : [],
  };
}

/** What is shown: the agent's word, unless it has been silent for too long. */
export function shownState(view: View | null, heardMs: number, nowMs: number): State {
  if (nowMs - heardMs >= SILENCE_MS) return 'out_of_service';
  return view?.state ?? 'starting';
}

/** Seconds left in the session since the last touch; `warn` when somebody should be asked. */
export function idle(idleS: number, touchedMs: number, nowMs: number): { leftS: number; warn: boolean } {
  const leftS = Math.max(0, Math.ceil(idleS - (nowMs - touchedMs) / 1000));
  return { leftS, warn: leftS <= WARNING_S };
}
