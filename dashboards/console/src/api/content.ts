// The words of the API about content: releases, editions, rollouts, and what displays say of them.
import type { Text } from './types';

export interface Reason {
  code: string;
  text: Text;
  at_ms?: number | null;
  /** Since when, where `at_ms` is the end of a wait. */
  since_ms?: number | null;
}

export interface Download {
  bytes_done: number;
  bytes_total: number;
  bytes_from_neighbors: number;
  bytes_s?: number | null;
  left_s?: number | null;
}
export interface ReleaseHeld {
  name: string;
  manifest: string;
  since_ms: number;
}
export interface Update {
  name: string;
  manifest: string;
  state: string;
  since_ms: number;
  waits_for?: string | null;
  waits_since_ms?: number | null;
  at_latest_ms?: number | null;
  attempts: number;
  finding?: string | null;
  detail?: string | null;
}
export interface ContentReport {
  active?: ReleaseHeld | null;
  previous?: ReleaseHeld | null;
  update?: Update | null;
  targets_version?: number | null;
  stale_since_ms?: number | null;
  recalled?: { form: string; edition: string }[];
}

export type RolloutState =
  | 'draft'
  | 'awaiting_approval'
  | 'scheduled'
  | 'running'
  | 'paused'
  | 'halted'
  | 'completed'
  | 'canceled'
  | 'rolled_back';
export type Step =
  | 'pending'
  | 'downloading'
  | 'staged'
  | 'waiting'
  | 'activating'
  | 'observing'
  | 'confirmed'
  | 'rolled_back'
  | 'failed'
  | 'timed_out'
  | 'unreached'
  | 'left_out'
  | 'returning'
  | 'returned';
export type Counts = Partial<Record<Step, number>>;
export type Who = { terminals: string[] } | { count: number } | { percent: number } | { site: string } | { label: string } | 'rest';
export type ErrorsMax = { count: number } | { percent: number };

export interface RolloutSummary {
  id: string;
  title: string;
  release: string;
  state: RolloutState;
  since_ms: number;
  reason?: Reason | null;
  paused_by?: 'person' | 'wave' | null;
  start_ms?: number | null;
  made_by: string;
  made_ms: number;
  started_by?: string | null;
  approved_by?: string | null;
  wave: number;
  counts: Counts;
  revision: number;
}
export interface Wave {
  name: string;
  who: Who;
  state: 'pending' | 'running' | 'observing' | 'through';
  begun_ms?: number | null;
  observing_until_ms?: number | null;
  success_percent: number;
  errors_max: ErrorsMax;
  observe_s: number;
  pause_after: boolean;
  displays: number;
  confirmed: number;
  errors: number;
  counts: Counts;
}
export interface RolloutDisplay {
  terminal: string;
  site?: string | null;
  label?: string | null;
  wave?: number | null;
  state: Step;
  since_ms: number;
  reason?: Reason | null;
  leave_ms?: number | null;
  before?: string | null;
  download?: Download | null;
}
export interface Rollout extends RolloutSummary {
  manifest: string;
  allow_single: boolean;
  limits: { reach_s: number; download_s: number; activate_s: number };
  throttle_bytes_s?: number | null;
  wait_at_most_s?: number | null;
  four_eyes: boolean;
  waves: Wave[];
  displays: RolloutDisplay[];
}
export interface Plan {
  solvable: boolean;
  obstacles: { terminal: string; reason: Reason }[];
  waves: { name: string; displays: number; from_ms: number }[];
  displays: {
    terminal: string;
    site?: string | null;
    wave?: number | null;
    download_ms?: number | null;
    activate_ms?: number | null;
    reason?: Reason | null;
  }[];
  four_eyes: boolean;
}

export interface Release {
  name: string;
  title: string;
  manifest: string;
  bytes: number;
  files: number;
  published_ms: number;
  published_by: string;
  withdrawn_ms?: number | null;
  in_service: string[];
  on_the_way: string[];
  refused: string[];
  wanted: string[];
}
export interface Edition {
  form: string;
  edition: string;
  title: string;
  office: string;
  valid_from: string;
  valid_until: string;
  releases: string[];
  live_on: string[];
  held_back_on: string[];
  recall?: { reason: string; recalled_by: string; recalled_ms: number } | null;
}
export interface Editions {
  releases: { name: string; manifest: string; terminals: string[] }[];
  without_release: string[];
  editions: Edition[];
}
export interface Recall {
  form: string;
  edition: string;
  reason: string;
  recalled_by: string;
  recalled_ms: number;
  proven: number;
  pending: number;
  displays: { terminal: string; state: 'proven' | 'pending'; at_ms?: number | null; reason?: Text | null }[];
}
export type Cell = 'missing' | 'draft' | 'checked';
export interface Languages {
  release: string;
  reference: string;
  languages: { code: string; name: string; rtl: boolean; mode_of?: string | null; missing: number; draft: number }[];
  items: { kind: string; id: string; title?: string | null; cells: Cell[] }[];
}
