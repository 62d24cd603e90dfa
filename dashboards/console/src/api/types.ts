// The words of the API as the console uses them. The shapes are the controller's; nothing here
// decides anything.
import type { ContentReport, Download } from './content';

export type Status = 'fault' | 'offline' | 'warning' | 'maintenance' | 'off' | 'unknown' | 'ok';
/** Worst first: the order of the controller. */
export const STATUSES: readonly Status[] = [
  'fault',
  'offline',
  'warning',
  'maintenance',
  'off',
  'unknown',
  'ok',
];

export type Role = 'viewer' | 'operator' | 'admin';
export interface Session {
  user: string;
  role: Role;
  csrf_token: string;
  expires_ms: number;
}

/** A sentence of the controller, whole in each language. */
export interface Text {
  de: string;
  en: string;
}

export interface Why {
  code: string;
  component?: string | null;
  part?: Text | null;
  text: Text;
  next_step: Text;
  detail?: string | null;
  since_ms: number;
}

export interface SiteSummary {
  id: string;
  name: string;
  address?: string | null;
  counts: Record<string, number>;
}

export interface Important {
  terminal?: string | null;
  site?: string | null;
  why: Why;
}

export interface Fleet {
  revision: number;
  now_ms: number;
  sites: SiteSummary[];
  counts: Record<string, number>;
  important: Important[];
}

export type HealthState = 'ok' | 'degraded' | 'failed' | 'unknown';
export interface Health {
  state: HealthState;
  reason?: string | null;
  detail?: string | null;
  since_ms: number;
  name: Text;
  text?: Text | null;
  why?: Why | null;
}

export type Level = 'full_service' | 'inform_only' | 'out_of_service';
export interface Verdict {
  level: Level;
  because?: { component: string; reason: string }[];
  since_ms: number;
}

export type PresenceState = 'online' | 'late' | 'offline' | 'off_on_purpose' | 'unknown';

export interface TerminalSummary {
  id: string;
  site: string;
  label: string;
  status: Status;
  why: Why[];
  presence: { state: PresenceState; since_ms: number; last_seen_ms?: number | null };
  health: { state: HealthState; since_ms?: number | null };
  verdict?: Verdict | null;
  /** 30 buckets of 10 minutes, oldest first; null is "no data". */
  heartbeats: (Status | null)[];
  session?: boolean | null;
  open_commands: number;
  drift: boolean;
  agent_version?: string | null;
  enrolled: boolean;
  revision: number;
  at_ms: number;
}

export interface SystemReading {
  at_ms: number;
  cpu_percent: number;
  load1_centi: number;
  memory_used_bytes: number;
  memory_total_bytes: number;
  temperature_celsius?: number | null;
  received_bytes: number;
  sent_bytes: number;
  booted_ms: number;
}
export interface StorageReading {
  at_ms: number;
  free_bytes: number;
  total_bytes: number;
  free_inodes?: number | null;
  total_inodes?: number | null;
  writable: boolean;
}
export interface ClockReading {
  at_ms: number;
  synchronized?: boolean | null;
  offset_ms?: number | null;
}
export interface UnitState {
  active: string;
  sub: string;
  restarts?: number | null;
}

/** `unknown` and `some` are answers of their own, never a number. */
export type Amount = 'unknown' | 'some' | { percent: number } | { sheets: number };
export interface Supply {
  name: string;
  kind: string;
  color?: string | null;
  left: Amount;
  receptacle?: boolean;
}
export interface Tray {
  name: string;
  media?: string | null;
  left: Amount;
}
export interface Printer {
  at_ms: number;
  source: string;
  make?: string | null;
  state: 'idle' | 'processing' | 'stopped' | 'unknown';
  accepting?: boolean | null;
  asleep?: boolean;
  reasons?: { keyword: string; severity: 'report' | 'warning' | 'error' }[];
  message?: string | null;
  supplies?: Supply[];
  trays?: Tray[];
  jobs?: number | null;
  impressions?: number | null;
}
export interface Page {
  heartbeat_ms?: number | null;
  session: boolean;
  build?: string | null;
}
export interface Desired {
  generation: number;
  label: string;
  site_name: string;
  session_idle_s: number;
  languages: string[];
  release?: { name: string; manifest: string } | null;
}
export interface Away {
  cause: string;
  text: Text;
  from_ms: number;
  until_ms: number;
}

export interface TerminalDetail extends TerminalSummary {
  components: Record<string, Health>;
  system?: SystemReading | null;
  storage?: StorageReading | null;
  clock?: ClockReading | null;
  services?: Record<string, UnitState> | null;
  printers: Record<string, Printer | null>;
  page?: Page | null;
  content?: ContentReport | null;
  download?: Download | null;
  desired?: Desired | null;
  desired_at_ms?: number | null;
  reported_generation?: number | null;
  certificate?: { serial: string; not_after_ms: number } | null;
  away?: Away | null;
  started_ms?: number | null;
  usage_today: Record<string, number>;
}

export interface EnrollToken {
  token: string;
  expires_ms: number;
  command: string;
}

export type TimelineKind = 'presence' | 'health' | 'verdict' | 'command' | 'away' | 'audit' | 'refusal';
export interface TimelineItem {
  /** Its name; as `after=` it gives what is older. */
  id: string;
  at_ms: number;
  /** The display's own time, where that is another. */
  own_ms?: number | null;
  kind: TimelineKind;
  code: string;
  text: Text;
  by?: string | null;
  command?: string | null;
  detail?: string | null;
}

export interface UsageHour {
  hour_ms: number;
  counts: Record<string, number>;
}

export type Verb = { verb: string } & Record<string, unknown>;
export interface VerbArgument {
  name: string;
  type: string;
  text: Text;
  default?: number | null;
  min?: number | null;
  max: number;
}
export interface VerbInfo {
  verb: string;
  text: Text;
  effect: Text;
  arguments: VerbArgument[];
  disturbs_session: boolean;
  default_start_by_s: number;
  default_finish_by_s: number;
}

export type Targets = string[] | { site: string } | 'all';
export interface Preview {
  applies: { terminal: string; note?: Text | null }[];
  skipped: { terminal: string; code: string; reason: Text }[];
  effect: Text;
  disturbs_sessions: number;
}

export type CommandState =
  | 'queued'
  | 'sent'
  | 'accepted'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'rejected'
  | 'timed_out'
  | 'expired'
  | 'canceled';

export interface Command {
  id: string;
  batch: string;
  terminal: string;
  order: Verb;
  state: CommandState;
  by: string;
  issued_ms: number;
  start_by_ms: number;
  finish_by_ms: number;
  force_reason?: string | null;
  reason?: string | null;
  rejection?: string | null;
  rejection_text?: Text | null;
  detail?: string | null;
  waits_until_ms?: number | null;
  history: { state: CommandState; at_ms: number; by: string; detail?: string | null }[];
  cancel_requested: boolean;
  has_logs: boolean;
  revision: number;
}

export interface AuditEntry {
  id: number | string;
  at_ms: number;
  actor: string;
  action: string;
  text: Text;
  object: string;
  detail?: string | null;
  result: 'ok' | 'refused';
}

export interface User {
  name: string;
  role: Role;
  created_ms?: number | null;
  revision?: number | null;
}
export interface ApiToken {
  id: string;
  name: string;
  role: Role;
  created_ms?: number | null;
  user: string;
  revision?: number | null;
  /** Only in the answer to its making. */
  token?: string | null;
}

export interface Listed<T> {
  items: T[];
  next: string | null;
}
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  code: string;
  detail?: string;
  errors?: { pointer: string; message: string }[];
}

export type WindowKind = 'download' | 'activate' | 'restart';
export type WindowRule = 'always' | 'closed' | { cron: string; minutes: number };
export interface Calendar {
  opening_hours?: Partial<Record<'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday', string[]>> | null;
  special_days?: { date: string; hours?: string[]; reason: string }[];
  closures?: { from: string; until: string; reason: string }[];
  windows?: Partial<Record<WindowKind, WindowRule>>;
}
export interface CalendarView {
  site: string;
  name: string;
  from: 'configuration' | 'console';
  changed_ms?: number | null;
  changed_by?: string | null;
  calendar: Calendar;
  now_ms: number;
  now: { opening: 'open' | 'closed' | 'unknown'; text: Text; until_ms?: number | null };
  windows: { kind: WindowKind; open: boolean; opens_ms?: number | null; closes_ms?: number | null; text: Text }[];
}
export interface SpanView {
  from: string;
  until: string;
  from_ms: number;
  until_ms: number;
}
export interface DayView {
  date: string;
  kind: 'weekday' | 'special' | 'holiday' | 'closure' | 'unknown';
  reason?: Text | null;
  open: SpanView[];
  windows: { kind: WindowKind; spans: SpanView[] }[];
}

export interface ScheduleRun {
  due_ms: number;
  decided_ms: number;
  state: 'ordering' | 'ordered' | 'skipped' | 'unknown';
  reason?: string | null;
  missed: number;
  batch?: string | null;
  ordered: number;
  left_out: number;
  results: { state: string; count: number }[];
}
export interface Schedule {
  id: string;
  name: string;
  when: { cron: string } | { at: string };
  terminals: string[] | { site: string } | { label: string } | string;
  order: Verb;
  only_when?: 'any' | 'open' | 'closed';
  grace_minutes?: number;
  paused: boolean;
  next_ms?: number | null;
  last?: ScheduleRun | null;
  changed_ms: number;
  changed_by: string;
  revision: number;
}
