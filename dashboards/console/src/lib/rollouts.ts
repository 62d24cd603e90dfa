// Rollouts as pages show them: which steps belong together, what a person may want in which state,
// and the form of a rollout, which becomes the request of the API. Whether it is right is the
// controller's to say.
import type { Counts, ErrorsMax, RolloutState, Step, Who } from '../api/content';
import { officeMs } from './time';

/** Parts of a bar, in their order. */
export const GROUPS = ['done', 'going', 'waiting', 'error', 'out'] as const;
export type Group = (typeof GROUPS)[number];
/** Every step, in the order in which people read them. */
export const STEPS: readonly Step[] = [
  'failed', 'rolled_back', 'timed_out', 'unreached', 'activating', 'observing', 'downloading', 'waiting', 'staged',
  'returning', 'pending', 'confirmed', 'returned', 'left_out',
];
const GROUP: Record<Step, Group> = {
  confirmed: 'done', downloading: 'going', activating: 'going', observing: 'going', returning: 'going',
  pending: 'waiting', staged: 'waiting', waiting: 'waiting', unreached: 'waiting',
  rolled_back: 'error', failed: 'error', timed_out: 'error', left_out: 'out', returned: 'out',
};

export interface Part {
  group: Group;
  count: number;
  /** Where it begins and how long it is, of 100. */
  from: number;
  length: number;
}

/** The parts of a bar; a step that is newer than we are counts as waiting. */
export function parts(counts: Counts): Part[] {
  const sums = new Map<Group, number>();
  let total = 0;
  for (const [step, count] of Object.entries(counts)) {
    const group = GROUP[step as Step] ?? 'waiting';
    sums.set(group, (sums.get(group) ?? 0) + count);
    total += count;
  }
  let from = 0;
  return GROUPS.filter((group) => sums.get(group)).map((group) => {
    const count = sums.get(group) ?? 0;
    const length = (count / total) * 100;
    const part = { group, count, from, length };
    from += length;
    return part;
  });
}

/** Steps with how many displays are there, those that need somebody first. */
export function counted(counts: Counts): { step: string; count: number }[] {
  const at = (step: string) => (STEPS as readonly string[]).indexOf(step);
  return Object.entries(counts)
    .map(([step, count]) => ({ step, count }))
    .filter((one) => one.count > 0)
    .sort((a, b) => at(a.step) - at(b.step));
}

export type Action = 'start' | 'approve' | 'pause' | 'resume' | 'back' | 'cancel';
const ACTIONS: Record<RolloutState, readonly Action[]> = {
  draft: ['start', 'cancel'], awaiting_approval: ['approve', 'cancel'], scheduled: ['cancel'], running: ['pause', 'back', 'cancel'],
  paused: ['resume', 'back', 'cancel'], halted: [], completed: ['back'], canceled: ['back'], rolled_back: [],
};
/** What a person may want of it now; the controller has the last word. */
export function actions(state: RolloutState): readonly Action[] {
  return ACTIONS[state] ?? [];
}
/** Whether something of it still moves by itself. */
export function moves(state: RolloutState): boolean {
  return ['scheduled', 'running', 'paused', 'halted'].includes(state);
}
/** These change what was read, and nothing later: the controller asks for If-Match. */
export function needsMatch(action: Action): boolean {
  return action === 'start' || action === 'approve';
}

/** How the times of a reason are said: the end of the message's name. */
export function times(reason: { code: string; at_ms?: number | null; since_ms?: number | null }): 'none' | 'wait' | 'since' | 'until' | 'from' {
  if (!reason.at_ms) return 'none';
  if (reason.since_ms) return 'wait';
  if (reason.code === 'penalty_box') return 'until';
  if (reason.code === 'window_opens' || reason.code === 'only_when_closed') return 'from';
  return 'since';
}

export interface WaveForm {
  name: string;
  kind: 'count' | 'percent' | 'site' | 'label' | 'terminals' | 'rest';
  /** Number, site, label or displays, by kind. */
  value: string;
  success: number;
  errorsIn: 'count' | 'percent';
  errors: number;
  observeMinutes: number;
  pause: boolean;
}
export interface RolloutForm {
  title: string;
  release: string;
  scope: 'all' | 'site' | 'terminals';
  which: string;
  waves: WaveForm[];
  /** `2026-12-01T06:00` in the time of the offices; empty: at once. */
  start: string;
  throttleKiB: string;
  waitMinutes: string;
  reachHours: number;
  downloadHours: number;
  activateMinutes: number;
  allowSingle: boolean;
}

export function wave(kind: WaveForm['kind'], value = '', more: Partial<WaveForm> = {}): WaveForm {
  return { name: '', kind, value, success: 100, errorsIn: 'count', errors: 0, observeMinutes: 15, pause: false, ...more };
}
/** One display first, then a quarter, then the rest, as the command line has it. */
export function emptyForm(release = ''): RolloutForm {
  return {
    title: '', release, scope: 'all', which: '', waves: [wave('count', '1'), wave('percent', '25'), wave('rest')],
    start: '', throttleKiB: '', waitMinutes: '', reachHours: 72, downloadHours: 12, activateMinutes: 60, allowSingle: false,
  };
}

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

function who({ kind, value }: WaveForm): Who {
  if (kind === 'rest') return 'rest';
  if (kind === 'count' || kind === 'percent') return { [kind]: Number(value) } as Who;
  if (kind === 'terminals') return { terminals: words(value) };
  return { [kind]: value.trim() } as Who;
}

/** The request of a form, as it was chosen. `name` gives a wave its name where it has none. */
export function request(form: RolloutForm, name: (wave: WaveForm, n: number) => string): Record<string, unknown> {
  const terminals = { all: 'all', site: { site: form.which }, terminals: words(form.which) }[form.scope];
  return {
    title: form.title.trim() || form.release,
    release: form.release,
    terminals,
    waves: form.waves.map((one, n) => ({
      name: one.name.trim() || name(one, n),
      who: who(one),
      success_percent: one.success,
      errors_max: { [one.errorsIn]: one.errors } as ErrorsMax,
      observe_s: Math.round(one.observeMinutes * 60),
      pause_after: one.pause,
    })),
    ...(form.start ? { start_ms: officeMs(form.start) } : {}),
    ...(form.throttleKiB ? { throttle_bytes_s: Number(form.throttleKiB) * 1024 } : {}),
    ...(form.waitMinutes !== '' ? { wait_at_most_s: Number(form.waitMinutes) * 60 } : {}),
    limits: {
      reach_s: Math.round(form.reachHours * 3600),
      download_s: Math.round(form.downloadHours * 3600),
      activate_s: Math.round(form.activateMinutes * 60),
    },
    allow_single: form.allowSingle,
  };
}

/** Mistakes for which the form has no field. */
export function elsewhere<T extends { pointer: string }>(errors: T[]): T[] {
  return errors.filter((e) => !/^\/(title|release|terminals|start_ms|throttle_bytes_s|wait_at_most_s|limits|waves\/\d+)(\/|$)/.test(e.pointer));
}
