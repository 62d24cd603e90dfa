// Answers /api/v1 from the world in memory, as a Vite plugin for `dev` and `preview`. Pages are
// sent with the controller's content security policy, so that a breach shows here first.
// MOCK_TERMINALS=1000 makes a large fleet; MOCK_FROZEN=1 a still one. Sign in: any name of
// mocks/world.ts with the password "demo".
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import type { Role } from '../src/api/types.ts';
import { answer, type Request } from './routes.ts';
import { World } from './world.ts';

const POLICY =
  "default-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
const COMMENT_MS = 10_000;

export function mockApi(): Plugin {
  const world = new World(Number(process.env['MOCK_TERMINALS'] ?? 16), !!process.env['MOCK_FROZEN']);
  const timer = setInterval(() => world.tick(), 1_000);
  timer.unref();
  return {
    name: 'mock-api',
    configureServer(server) {
      server.middlewares.use(middleware(world));
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      server.middlewares.use(middleware(world));
    },
  };
}

const sessions = new Map<string, { user: string; role: Role; csrf_token: string; expires_ms: number }>();
/** Tests take the line away and give it back: POST /mock/line {"cut": true}. */
let cut = false;
const streams = new Set<ServerResponse>();

function middleware(world: World): Connect.NextHandleFunction {
  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (url.pathname === '/mock/line') {
      void body(request).then((text) => {
        cut = (JSON.parse(text) as { cut: boolean }).cut;
        if (cut) for (const stream of streams) stream.destroy();
        response.end();
      });
      return;
    }
    if (!url.pathname.startsWith('/api/v1')) return next();
    if (cut) {
      request.destroy();
      return;
    }
    const key = /migrado=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    const session = sessions.get(key);
    if (url.pathname === '/api/v1/events' && session) return stream(world, request, response);
    void body(request).then((text) => {
      const asked: Request = {
        method: request.method ?? 'GET', path: url.pathname.slice('/api/v1'.length), query: url.searchParams,
        body: text ? (JSON.parse(text) as Record<string, unknown>) : {}, headers: request.headers, session, sessions,
      };
      const { status, data, headers } = answer(world, asked);
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
      if (typeof data === 'string') response.setHeader('content-type', 'text/plain; charset=utf-8').end(data);
      else response.setHeader('content-type', status >= 400 ? 'application/problem+json' : 'application/json').end(data === undefined ? '' : JSON.stringify(data));
    });
  };
}

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function stream(world: World, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const write = (event: string, data: unknown, id: number) =>
    response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  write('hello', { revision: world.revision, now_ms: Date.now() }, world.revision);
  const last = request.headers['last-event-id'];
  if (last && Number(last) < world.revision) write('resync', { revision: world.revision }, world.revision);
  const stop = world.listen(write);
  const timer = setInterval(() => response.write(': still here\n\n'), COMMENT_MS);
  streams.add(response);
  response.on('close', () => {
    stop();
    clearInterval(timer);
    streams.delete(response);
  });
}
