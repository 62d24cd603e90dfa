// What the mock answers to each request: the shapes and refusals of the contract, no more.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Command, Preview, Role, TerminalDetail, TimelineItem, Verb } from '../src/api/types.ts';
import { scheduled, sites } from './calendar.ts';
import { published } from './content.ts';
import { both, STATES, VERBS } from './texts.ts';
import type { World } from './world.ts';

export interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  session: { user: string; role: Role; csrf_token: string; expires_ms: number } | undefined;
  sessions: Map<string, { user: string; role: Role; csrf_token: string; expires_ms: number }>;
}
export interface Answer {
  status: number;
  data?: unknown;
  headers?: Record<string, string>;
}

const RANK = { viewer: 0, operator: 1, admin: 2 };
const ok = (data?: unknown, status = 200): Answer => ({ status, data });
function problem(status: number, code: string, detail: string): Answer {
  return { status, data: { type: `/problems/${code}`, title: code, status, code, detail } };
}
const etag = (terminal: TerminalDetail) => `"${terminal.revision}"`;

export function answer(world: World, request: Request): Answer {
  const { method, path, session } = request;
  if (path === '/session' && method === 'POST') return signIn(world, request);
  if (!session) return problem(401, 'unauthenticated', 'Sign in first.');
  if (path === '/session') return method === 'DELETE' ? signOut(request) : ok(session);
  if (method !== 'GET' && request.headers['x-csrf-token'] !== session.csrf_token) return problem(403, 'csrf', 'The CSRF token is missing.');
  const needed: Role = method === 'GET' || path === '/session/password' ? 'viewer' : path.startsWith('/commands') || path.startsWith('/sites') || path.startsWith('/schedules') || path.startsWith('/rollouts') || path.startsWith('/recalls') || method === 'PATCH' ? 'operator' : 'admin';
  if (RANK[session.role] < RANK[needed]) return problem(403, 'forbidden', `This needs the role ${needed}.`);
  if (path === '/session/password') return request.body['old_password'] === 'demo' ? ok(undefined, 204) : problem(422, 'wrong_password', 'The current password is wrong.');
  if (path === '/fleet') return ok(world.fleet());
  if (path === '/verbs') return ok(VERBS);
  if (path.startsWith('/terminals')) return terminals(world, request);
  if (path.startsWith('/sites')) return sites(request);
  if (path.startsWith('/schedules')) return scheduled(request);
  if (/^\/(releases|editions|recalls|rollouts)/.test(path)) return published(request);
  if (path.startsWith('/commands')) return commands(world, request);
  if (path === '/usage') return ok({ hours: world.usage(null, Number(request.query.get('days') ?? 7)) });
  if (path === '/audit') return session.role !== 'admin' ? problem(403, 'forbidden', 'This needs the role admin.') : ok({ items: world.audit, next: null });
  if (path.startsWith('/users')) return users(world, request);
  if (path.startsWith('/api-tokens')) return tokens(world, request);
  return problem(404, 'not_found', path);
}

function signIn(world: World, { body, sessions }: Request): Answer {
  const user = world.users.find((u) => u.name === body['name']);
  if (!user || body['password'] !== 'demo') return problem(401, 'wrong_credentials', 'Name or password is wrong.');
  const session = { user: user.name, role: user.role, csrf_token: randomUUID(), expires_ms: Date.now() + 8 * 3_600_000 };
  const key = randomUUID();
  sessions.set(key, session);
  return { status: 200, data: session, headers: { 'set-cookie': `migrado=${key}; HttpOnly; SameSite=Strict; Path=/` } };
}

function signOut({ headers, sessions }: Request): Answer {
  sessions.delete(/migrado=([\w-]+)/.exec(headers.cookie ?? '')?.[1] ?? '');
  return ok(undefined, 204);
}

function terminals(world: World, request: Request): Answer {
  const [, , id, part] = request.path.split('/');
  if (!id) {
    if (request.method === 'POST') return problem(409, 'terminal_exists', 'The mock fleet does not grow.');
    const all = [...world.terminals.values()].map((t) => world.summary(t));
    const from = Number(request.query.get('after') ?? 0);
    const limit = Number(request.query.get('limit') ?? 100);
    const next = from + limit < all.length ? String(from + limit) : null;
    return ok({ items: all.slice(from, from + limit), next, revision: world.revision });
  }
  const terminal = world.terminals.get(id);
  if (!terminal) return problem(404, 'terminal_unknown', `There is no terminal ${id}.`);
  if (part === 'timeline') return ok({ items: timeline(world, id), next: null });
  if (part === 'usage') return ok({ hours: world.usage(id, Number(request.query.get('days') ?? 7)) });
  if (part === 'enroll-tokens') {
    const token = `mfe1.${randomUUID().replaceAll('-', '')}${randomUUID().replaceAll('-', '')}`;
    return ok({ token, expires_ms: Date.now() + 30 * 60_000, command: `migrado-agent enroll --controller fleet.dortmund.example:8444 --token ${token}` }, 201);
  }
  if (request.method === 'GET') return { status: 200, data: terminal, headers: { etag: etag(terminal) } };
  if (part === 'revoke') return ok(undefined, 204);
  const tag = request.headers['if-match'];
  if (!tag) return problem(428, 'precondition_required', 'If-Match is missing.');
  if (tag !== etag(terminal) && !world.frozen && request.method === 'DELETE') return problem(412, 'stale', 'The terminal has changed.');
  if (request.method === 'PATCH' && terminal.desired) {
    const { label, site, session_idle_s, languages } = request.body as Partial<TerminalDetail & TerminalDetail['desired']>;
    if (label) terminal.label = label;
    if (site) terminal.site = site;
    terminal.desired = { ...terminal.desired, generation: terminal.desired.generation + 1, ...(label ? { label } : {}), ...(session_idle_s ? { session_idle_s } : {}), ...(languages ? { languages } : {}) };
    terminal.drift = true;
    world.changed(terminal);
    return { status: 200, data: terminal, headers: { etag: etag(terminal) } };
  }
  world.terminals.delete(id);
  return ok(undefined, 204);
}

function timeline(world: World, id: string) {
  const orders = [...world.commands.values()].filter((c) => c.terminal === id).flatMap((c) =>
    c.history.map((h, n): TimelineItem => {
      const verb = VERBS.find((v) => v.verb === c.order.verb);
      const said = STATES[h.state];
      const text = both(`${verb?.text.de}: ${said.de}`, `${verb?.text.en}: ${said.en}`);
      return { id: `${h.at_ms}.command.${c.id}.${n}`, at_ms: h.at_ms, kind: 'command', code: h.state, text, by: h.by, command: c.id, detail: h.detail ?? null };
    }),
  );
  return [...orders, ...(world.timelines.get(id) ?? [])].sort((a, b) => b.at_ms - a.at_ms).slice(0, 30);
}

function targets(world: World, asked: unknown): string[] {
  if (Array.isArray(asked)) return asked as string[];
  const all = [...world.terminals.values()];
  const site = (asked as { site?: string }).site;
  return (site ? all.filter((t) => t.site === site) : all).map((t) => t.id);
}

function preview(world: World, body: Record<string, unknown>): Preview {
  const order = body['order'] as Verb;
  const info = VERBS.find((v) => v.verb === order.verb);
  const applies: Preview['applies'] = [];
  const skipped: Preview['skipped'] = [];
  let disturbs = 0;
  for (const id of targets(world, body['terminals'])) {
    const terminal = world.terminals.get(id);
    if (!terminal?.enrolled) skipped.push({ terminal: id, code: 'not_enrolled', reason: both('Noch nicht angemeldet.', 'Not enrolled yet.') });
    else if (terminal.presence.state !== 'online') applies.push({ terminal: id, note: both('Nicht verbunden: Der Auftrag wartet, bis es zurück ist.', 'Not connected: the order waits for its return.') });
    else {
      if (terminal.session && info?.disturbs_session) disturbs += 1;
      applies.push({ terminal: id, note: terminal.session && info?.disturbs_session ? both('Dort läuft eine Sitzung.', 'A session runs there.') : null });
    }
  }
  return { applies, skipped, effect: info?.effect ?? both('', ''), disturbs_sessions: disturbs };
}

const given = new Map<string, Answer>();

function commands(world: World, request: Request): Answer {
  const { method, path, query, body, session } = request;
  const [, , id, part] = path.split('/');
  if (id === 'preview') return ok(preview(world, body));
  if (!id && method === 'POST') {
    const key = String(request.headers['idempotency-key'] ?? '');
    const before = given.get(key);
    if (before) return before;
    const ids = preview(world, body).applies.map((a) => a.terminal);
    const made = world.issue(ids, body['order'] as Verb, session?.user ?? '', body as { reason?: string; force_reason?: string; start_by_s?: number });
    const result = ok({ batch: made[0]?.batch ?? '', commands: made }, 202);
    given.set(key, result);
    return result;
  }
  if (!id) {
    const open = ['queued', 'sent', 'accepted', 'running'];
    const items = [...world.commands.values()].filter(
      (c) =>
        (!query.get('terminal') || c.terminal === query.get('terminal')) &&
        (!query.get('batch') || c.batch === query.get('batch')) &&
        (!query.get('state') || c.state === query.get('state')) &&
        (query.get('open') !== 'true' || open.includes(c.state)),
    );
    return ok({ items: items.sort((a, b) => b.issued_ms - a.issued_ms), next: null });
  }
  const command: Command | undefined = world.commands.get(id);
  if (!command) return problem(404, 'command_unknown', id);
  if (part === 'logs') return ok('Nov 24 08:01:11 fp-01 migrado-agent[612]: ready\n');
  if (part === 'cancel') {
    command.cancel_requested = true;
    if (['queued', 'sent'].includes(command.state)) world.move(command, 'canceled', session?.user ?? '');
    return ok(command);
  }
  return ok(command);
}

function users(world: World, { method, path, body }: Request): Answer {
  const name = decodeURIComponent(path.split('/')[2] ?? '');
  if (!name) {
    if (method === 'GET') return ok({ items: world.users, next: null });
    world.users.push({ name: String(body['name']), role: body['role'] as 'viewer', created_ms: Date.now(), revision: 1 });
    return ok(world.users.at(-1), 201);
  }
  const user = world.users.find((u) => u.name === name);
  if (!user) return problem(404, 'user_unknown', name);
  if (method === 'DELETE') world.users = world.users.filter((u) => u !== user);
  if (method === 'PATCH') user.role = body['role'] as 'viewer';
  return method === 'DELETE' ? ok(undefined, 204) : { status: 200, data: user, headers: { etag: `"${user.role}"` } };
}

function tokens(world: World, { method, path, body }: Request): Answer {
  const id = path.split('/')[2];
  if (id) {
    world.tokens = world.tokens.filter((t) => t.id !== id);
    return ok(undefined, 204);
  }
  if (method === 'GET') return ok({ items: world.tokens, next: null });
  const made = { id: randomUUID(), name: String(body['name']), user: 'admin', role: body['role'] as 'viewer', created_ms: Date.now() };
  world.tokens.push(made);
  return ok({ ...made, token: `mfa_${randomUUID().replaceAll('-', '')}` }, 201);
}

