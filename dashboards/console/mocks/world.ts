// A fleet in memory that behaves: both sites, faults, an offline display, visitors who come and go,
// orders with their whole life. Everything the console can show occurs in it.
import { randomUUID } from 'node:crypto';
import type {
  AuditEntry, Command, CommandState, Fleet, Health, Printer, Status, TerminalDetail, TerminalSummary, TimelineItem, UsageHour,
} from '../src/api/types.ts';
import { reportOf } from './content.ts';
import { both, FINDINGS, PARTS, why } from './texts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ORDER: Status[] = ['fault', 'offline', 'warning', 'maintenance', 'off', 'unknown', 'ok'];
export const SITES = [
  { id: 'friedensplatz', name: 'MigraDo Friedensplatz', address: 'Friedensplatz 7, 44135 Dortmund' },
  { id: 'berswordthalle', name: 'Self-Service-Center Berswordthalle', address: 'Südwall 2, 44135 Dortmund' },
];
const FAULTS: Record<string, string> = {
  'fp-02': 'paper_empty', 'fp-04': 'page_silent', 'fp-05': 'toner_low', 'fp-06': 'out_of_service_ordered',
  'bh-02': 'offline', 'bh-04': 'disk_nearly_full', 'bh-05': 'off', 'bh-06': 'never_seen',
};
const LABELS = ['Eingang links', 'Eingang rechts', 'Wartezone', 'Beratung 1', 'Beratung 2', 'Flur', 'Treppenhaus', 'Bibliothek'];
const STATUS: Record<string, Status> = {
  paper_empty: 'warning', toner_low: 'warning', page_silent: 'fault', disk_nearly_full: 'warning',
  out_of_service_ordered: 'maintenance', offline: 'offline', off: 'off', never_seen: 'unknown',
};

type Listener = (event: string, data: unknown, id: number) => void;

/** The same world on every start, so that pictures can be compared. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export class World {
  terminals = new Map<string, TerminalDetail>();
  commands = new Map<string, Command>();
  audit: AuditEntry[] = [];
  timelines = new Map<string, TimelineItem[]>();
  users = [
    { name: 'admin', role: 'admin' as const, created_ms: Date.now() - 30 * 24 * HOUR, revision: 1 },
    { name: 'leitstelle', role: 'operator' as const, created_ms: Date.now() - 20 * 24 * HOUR, revision: 1 },
    { name: 'empfang', role: 'viewer' as const, created_ms: Date.now() - 12 * 24 * HOUR, revision: 1 },
  ];
  tokens = [{ id: 'prometheus', name: 'Prometheus', user: 'admin', role: 'viewer' as const, created_ms: Date.now() - 9 * 24 * HOUR }];
  revision = 1000;
  frozen: boolean;
  #listeners = new Set<Listener>();
  #random = random(7);

  constructor(count: number, frozen = false) {
    this.frozen = frozen;
    for (let i = 0; i < count; i++) {
      const site = SITES[i % 2] as (typeof SITES)[number];
      const at = Math.floor(i / 2) + 1;
      const id = `${site.id === 'friedensplatz' ? 'fp' : 'bh'}-${String(at).padStart(2, '0')}`;
      this.#make(id, site.id, LABELS[(at - 1) % LABELS.length] as string, at);
    }
    this.#past();
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  #emit(event: string, data: unknown): void {
    for (const listener of this.#listeners) listener(event, data, this.revision);
  }

  #make(id: string, site: string, label: string, at: number): void {
    const now = Date.now();
    const code = FAULTS[id] ?? (at > 8 && this.#random() < 0.06 ? (['toner_low', 'paper_empty', 'offline'] as const)[Math.floor(this.#random() * 3)] : undefined);
    const status: Status = code ? (STATUS[code] ?? 'ok') : 'ok';
    const since = now - (2 + Math.floor(this.#random() * 90)) * MINUTE;
    const away = status === 'offline' || status === 'off';
    const blank = code === 'never_seen';
    const seen = blank ? null : away ? since : now - Math.floor(this.#random() * 12_000);
    const level = code === 'paper_empty' ? 'inform_only' : code === 'page_silent' || code === 'out_of_service_ordered' ? 'out_of_service' : 'full_service';
    const component = code ? FINDINGS[code]?.component : '';
    const terminal: TerminalDetail = {
      id, site, label, status,
      why: code ? [why(code, since)] : [],
      presence: { state: blank ? 'unknown' : status === 'offline' ? 'offline' : status === 'off' ? 'off_on_purpose' : 'online', since_ms: away || blank ? since : now - 3 * 24 * HOUR, last_seen_ms: seen },
      health: { state: blank ? 'unknown' : code && !away ? (status === 'fault' ? 'failed' : 'degraded') : 'ok', since_ms: blank ? null : since },
      verdict: blank ? null : { level, because: component && code && level !== 'full_service' ? [{ component, reason: code }] : [], since_ms: since },
      heartbeats: this.#beats(status, since),
      session: blank || away ? null : !code && at % 3 === 1,
      open_commands: 0,
      drift: id === 'fp-03',
      agent_version: blank ? null : '0.1.0',
      enrolled: !blank,
      revision: this.revision++,
      at_ms: seen ?? now,
      components: blank ? {} : this.#components(code, since, now),
      printers: blank ? {} : { main: this.#printer(code, seen ?? now) },
      desired: { generation: 4, label, site_name: SITES.find((s) => s.id === site)?.name ?? site, session_idle_s: 120, languages: ['de', 'en', 'ar', 'uk', 'tr', 'fa', 'ru', 'fr'] },
      desired_at_ms: now - 6 * HOUR,
      reported_generation: blank ? null : id === 'fp-03' ? 3 : 4,
      usage_today: blank ? {} : { sessions_begun: 14 + at, sheets_printed: 31 + 2 * at, languages_chosen: 9 + at, prints_failed: code === 'paper_empty' ? 2 : 0 },
      ...(blank ? {} : this.#readings(code, seen ?? now, at)),
      ...reportOf(id),
    };
    this.terminals.set(id, terminal);
    this.timelines.set(id, this.#timeline(terminal, code, since));
  }

  #readings(code: string | undefined, at_ms: number, at: number): Partial<TerminalDetail> {
    const GiB = 1024 ** 3;
    return {
      system: { at_ms, cpu_percent: 6 + at, load1_centi: 31 + at, memory_used_bytes: 1.4 * GiB, memory_total_bytes: 7.7 * GiB, temperature_celsius: at === 3 ? null : 47, received_bytes: 812e6, sent_bytes: 77e6, booted_ms: at_ms - 5 * 24 * HOUR },
      storage: { at_ms: at_ms - 20_000, free_bytes: (code === 'disk_nearly_full' ? 2 : 41) * GiB, total_bytes: 58 * GiB, free_inodes: 3_400_000, total_inodes: 3_800_000, writable: true },
      clock: { at_ms: at_ms - 33_000, synchronized: true, offset_ms: 12 + at },
      services: { 'cups.service': { active: 'active', sub: 'running', restarts: 0 }, 'kiosk-session.service': { active: code === 'page_silent' ? 'failed' : 'active', sub: code === 'page_silent' ? 'failed' : 'running', restarts: code === 'page_silent' ? 5 : 0 } },
      page: { heartbeat_ms: code === 'page_silent' ? at_ms - 17 * MINUTE : at_ms - 1_000, session: false, build: '0.1.0' },
      certificate: { serial: `3f:a1:${String(10 + at)}:7c:09:be`, not_after_ms: at_ms + (at === 4 ? 9 : 74) * 24 * HOUR },
      away: { cause: 'planned', text: both('War weg: geplanter Neustart', 'Was away: planned reboot'), from_ms: at_ms - 3 * 24 * HOUR - 4 * MINUTE, until_ms: at_ms - 3 * 24 * HOUR },
      started_ms: at_ms - 3 * 24 * HOUR,
    };
  }

  #components(code: string | undefined, since: number, now: number): Record<string, Health> {
    const tree: Record<string, Health> = Object.fromEntries(
      Object.entries(PARTS).map(([part, name]) => [part, { state: 'ok', name, since_ms: now - 3 * 24 * HOUR }]),
    );
    const component = code ? FINDINGS[code]?.component : '';
    if (code && component) {
      const found = why(code, since);
      tree[component] = { state: STATUS[code] === 'fault' || code === 'paper_empty' ? 'failed' : 'degraded', name: PARTS[component] ?? both(component, component), reason: code, detail: found.detail ?? null, since_ms: since, text: found.text, why: found };
    }
    return tree;
  }

  #printer(code: string | undefined, at_ms: number): Printer {
    const empty = code === 'paper_empty';
    return {
      at_ms, source: 'cups+ipp', make: 'Brother HL-L6410DN', state: empty ? 'stopped' : 'idle', accepting: true, asleep: !code,
      reasons: empty ? [{ keyword: 'media-empty', severity: 'error' }] : code === 'toner_low' ? [{ keyword: 'marker-supply-low', severity: 'warning' }] : [],
      message: empty ? 'Kein Papier\nFach 1 auffüllen' : 'Ruhezustand',
      supplies: [
        { name: 'Black Toner', kind: 'toner', color: '#000000', left: { percent: code === 'toner_low' ? 8 : 64 } },
        { name: 'Drum Unit', kind: 'opc', left: 'some' },
        { name: 'Waste Toner Box', kind: 'waste-toner', left: { percent: 71 }, receptacle: true },
        { name: 'Fuser', kind: 'fuser', left: 'unknown' },
      ],
      trays: [
        { name: 'Fach 1', media: 'iso_a4_210x297mm', left: { percent: empty ? 0 : 55 } },
        { name: 'Fach 2', media: 'iso_a4_210x297mm', left: 'unknown' },
      ],
      jobs: empty ? 2 : 0, impressions: 48_211,
    };
  }

  #beats(status: Status, since: number): (Status | null)[] {
    const now = Date.now();
    return Array.from({ length: 30 }, (_, i) => {
      const at = now - (29 - i) * 10 * MINUTE;
      if (status === 'unknown') return null;
      if (at >= since - 10 * MINUTE && status !== 'ok') return status;
      const dice = this.#random();
      return dice < 0.012 ? null : dice < 0.03 ? 'warning' : dice < 0.036 ? 'offline' : 'ok';
    });
  }

  #timeline(terminal: TerminalDetail, code: string | undefined, since: number): TimelineItem[] {
    const items: TimelineItem[] = [];
    const add = (at_ms: number, kind: TimelineItem['kind'], code: string, text: TimelineItem['text'], more: Partial<TimelineItem> = {}) =>
      items.push({ id: `${at_ms}.line..${items.length}`, at_ms, kind, code, text, ...more });
    const [finding] = terminal.why;
    if (code && finding) {
      const part = finding.part;
      if (part) add(since, 'health', `${finding.component}:${code}`, both(`${part.de}: ${finding.text.de}`, `${part.en}: ${finding.text.en}`), { detail: finding.detail ?? null });
      else add(since, 'presence', terminal.presence.state, finding.text);
    }
    if (!terminal.enrolled) return items;
    add(since - 4 * HOUR, 'audit', 'terminal.change', both('Einstellungen geändert', 'Settings changed'), { by: 'admin', detail: 'generation 4' });
    add(since - 5 * HOUR, 'refusal', 'foreign_topic', both('Abgewiesen: Nachricht unter fremdem Namen', 'Refused: Message in another’s name'), { by: terminal.id, detail: 'migrado/v1/t/bh-01/report' });
    add(Date.now() - 3 * 24 * HOUR, 'presence', 'online', both('Verbunden', 'Connected'));
    add(Date.now() - 3 * 24 * HOUR - 4 * MINUTE, 'away', 'planned', both('War weg: geplanter Neustart', 'Was away: planned reboot'));
    return items;
  }

  #past(): void {
    const now = Date.now();
    const done = this.issue(['fp-01'], { verb: 'test_print' }, 'leitstelle', { quiet: true })[0];
    if (done) this.#age(done, now - 3 * HOUR, ['sent', 'accepted', 'running', 'succeeded'], 'Testseite gedruckt (1 Blatt).');
    const late = this.issue(['bh-02'], { verb: 'collect_logs', since_s: 1800 }, 'admin', { quiet: true, reason: 'Kein Lebenszeichen seit heute früh' })[0];
    if (late) this.#age(late, now - 25 * MINUTE, []);
    const lost = this.issue(['fp-04'], { verb: 'restart_page' }, 'leitstelle', { quiet: true })[0];
    if (lost) this.#age(lost, now - 12 * MINUTE, ['sent', 'accepted', 'running', 'timed_out']);
    const refused = this.issue(['fp-04'], { verb: 'restart_service', unit: 'ssh.service' }, 'admin', { quiet: true })[0];
    if (refused) {
      this.#age(refused, now - 40 * MINUTE, ['sent', 'rejected']);
      refused.rejection = 'unit_not_listed';
      refused.rejection_text = both('Der Dienst steht nicht auf der Liste des Terminals.', 'The service is not on the display’s list.');
    }
    const signIn = both('Anmeldung', 'Sign-in');
    const actions: [string, string, AuditEntry['text'], string, 'ok' | 'refused', string?][] = [
      ['admin', 'login', signIn, 'session', 'ok'],
      ['leitstelle', 'command.issue', both('Auftrag erteilt', 'Order given'), 'fp-04', 'ok', 'restart_page'],
      ['unknown', 'login', signIn, 'wrong name or password', 'refused'],
      ['bh-03', 'foreign_topic', both('Nachricht unter fremdem Namen', 'Message in another’s name'), 'migrado/v1/t/bh-01/report', 'refused'],
      ['admin', 'terminal.change', both('Einstellungen geändert', 'Settings changed'), 'fp-03', 'ok', 'generation 4'],
    ];
    actions.forEach(([actor, action, text, object, result, detail], i) => this.audit.push({ id: 5 - i, at_ms: now - (3 + i * 11) * MINUTE, actor, action, text, object, result, detail: detail ?? null }));
  }

  #age(command: Command, start: number, states: CommandState[], detail?: string): void {
    command.issued_ms = start;
    command.start_by_ms = start + 8 * HOUR;
    command.finish_by_ms = start + 9 * HOUR;
    command.history = [{ state: 'queued', at_ms: start, by: command.by }];
    states.forEach((state, i) => command.history.push({ state, at_ms: start + 400 * (i + 1), by: state === 'sent' || state === 'timed_out' ? 'controller' : 'terminal' }));
    command.state = states.at(-1) ?? 'queued';
    if (detail) command.detail = detail;
    this.#count(command.terminal);
  }

  summary(terminal: TerminalDetail): TerminalSummary {
    const { id, site, label, status, why: reasons, presence, health, verdict, heartbeats, session, open_commands, drift, agent_version, enrolled, revision, at_ms } = terminal;
    return { id, site, label, status, why: reasons, presence, health, verdict, heartbeats, session, open_commands, drift, agent_version, enrolled, revision, at_ms };
  }

  fleet(): Fleet {
    const counts = (of: Iterable<TerminalDetail>) => {
      const total = Object.fromEntries(ORDER.map((s) => [s, 0]));
      for (const terminal of of) total[terminal.status] = (total[terminal.status] ?? 0) + 1;
      return total;
    };
    const all = [...this.terminals.values()];
    const important = all
      .filter((t) => ['fault', 'offline', 'warning'].includes(t.status) && t.why[0])
      .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
      .map((t) => ({ terminal: t.id, why: t.why[0] as NonNullable<(typeof t.why)[0]> }));
    return { revision: this.revision, now_ms: Date.now(), sites: SITES.map((s) => ({ ...s, counts: counts(all.filter((t) => t.site === s.id)) })), counts: counts(all), important };
  }

  changed(terminal: TerminalDetail): void {
    terminal.revision = ++this.revision;
    this.#emit('terminal', this.summary(terminal));
    const { sites: _sites, important: _important, ...rest } = this.fleet();
    this.#emit('fleet', rest);
  }

  /** Everybody who is connected is heard again; visitors come and go. */
  tick(): void {
    if (this.frozen) return;
    const now = Date.now();
    for (const terminal of this.terminals.values()) {
      if (terminal.presence.state !== 'online' || this.#random() > 0.12) continue;
      terminal.presence.last_seen_ms = terminal.at_ms = now;
      if (terminal.system) terminal.system = { ...terminal.system, at_ms: now, cpu_percent: 4 + Math.floor(this.#random() * 20) };
      if (terminal.page && terminal.status !== 'fault') terminal.page = { ...terminal.page, heartbeat_ms: now };
      for (const printer of Object.values(terminal.printers)) if (printer) printer.at_ms = now;
      if (terminal.status === 'ok' && this.#random() < 0.1) terminal.session = !terminal.session;
      this.changed(terminal);
    }
  }

  usage(id: string | null, days: number): UsageHour[] {
    const hours: UsageHour[] = [];
    const now = Math.floor(Date.now() / HOUR);
    const scale = id ? 1 : this.terminals.size;
    for (let hour = now - days * 24 + 1; hour <= now; hour++) {
      const at = new Date(hour * HOUR);
      if (at.getUTCDay() % 6 === 0 || at.getUTCHours() < 7 || at.getUTCHours() > 16) continue;
      const busy = Math.round((2 + ((hour * 7919) % 5)) * scale);
      hours.push({ hour_ms: hour * HOUR, counts: { sessions_begun: busy, sheets_printed: busy * 2, languages_chosen: busy - 1, prints_failed: hour % 17 === 0 ? 1 : 0 } });
    }
    return hours;
  }

  issue(ids: string[], order: Command['order'], by: string, more: { quiet?: boolean; reason?: string; force_reason?: string; start_by_s?: number } = {}): Command[] {
    const now = Date.now();
    const batch = randomUUID();
    const made = ids.map((terminal): Command => ({
      id: randomUUID(), batch, terminal, order, state: 'queued', by, issued_ms: now,
      start_by_ms: now + (more.start_by_s ?? 900) * 1000, finish_by_ms: now + (more.start_by_s ?? 900) * 1000 + 15 * MINUTE,
      reason: more.reason ?? null, force_reason: more.force_reason ?? null,
      history: [{ state: 'queued', at_ms: now, by }], cancel_requested: false, has_logs: false, revision: ++this.revision,
    }));
    for (const command of made) {
      this.commands.set(command.id, command);
      this.#count(command.terminal);
      if (!more.quiet) void this.#live(command);
    }
    return made;
  }

  async #live(command: Command): Promise<void> {
    const terminal = this.terminals.get(command.terminal);
    const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
    await pause(150);
    this.#emit('command', command);
    if (terminal) this.changed(terminal);
    if (terminal?.presence.state !== 'online') return;
    const waits = terminal.session && !command.force_reason && ['reboot', 'reset_session', 'restart_page', 'reload_page'].includes(command.order.verb);
    const end: CommandState = command.order.verb === 'test_print' && terminal.status === 'warning' ? 'failed' : 'succeeded';
    for (const [state, ms] of [['sent', 250], ['accepted', 500], ['running', waits ? 8_000 : 700], [end, 1_200]] as [CommandState, number][]) {
      await pause(ms);
      if (command.state === 'canceled') return;
      if (state === 'accepted' && waits) command.waits_until_ms = command.start_by_ms;
      if (state === 'failed') command.detail = 'Der Drucker hat kein Papier.';
      if (state === 'succeeded' && command.order.verb === 'collect_logs') command.has_logs = true;
      this.move(command, state, state === 'sent' ? 'controller' : 'terminal');
    }
  }

  move(command: Command, state: CommandState, by: string): void {
    command.state = state;
    command.history = [...command.history, { state, at_ms: Date.now(), by }];
    command.revision = ++this.revision;
    this.#count(command.terminal);
    this.#emit('command', { ...command });
    const terminal = this.terminals.get(command.terminal);
    if (terminal) this.changed(terminal);
  }

  #count(id: string): void {
    const terminal = this.terminals.get(id);
    if (!terminal) return;
    const open: CommandState[] = ['queued', 'sent', 'accepted', 'running'];
    terminal.open_commands = [...this.commands.values()].filter((c) => c.terminal === id && open.includes(c.state)).length;
  }
}
