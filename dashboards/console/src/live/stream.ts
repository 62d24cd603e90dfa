// One connection to /api/v1/events that stays: reconnects with jittered backoff, resumes by the
// last id, and takes silence for what it is. It knows no DOM, so that tests can drive it.
import { SseParser, type StreamEvent } from './sse';

/** The controller comments every 10 s; two missed ones and some slack mean the line is dead. */
export const SILENCE_MS = 25_000;
/** First retry quick, then slower, never a spin. */
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000];

export type StreamState = 'connecting' | 'live' | 'down';

export interface StreamHooks {
  event(event: StreamEvent): void;
  /** Bytes came, even if only a comment. */
  pulse(): void;
  state(state: StreamState): void;
  /** The session has ended; no retry helps. */
  unauthorized(): void;
}

export interface StreamEdges {
  fetch: typeof fetch;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  random(): number;
}

export function backoff(attempt: number, random: number): number {
  const base = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 15_000;
  return Math.round(base * (0.5 + random));
}

/** Runs until `signal` is aborted or the session has ended. */
export async function follow(
  hooks: StreamHooks,
  signal: AbortSignal,
  edges: StreamEdges = BROWSER,
  lastId: string | null = null,
): Promise<void> {
  let attempt = 0;
  let seen = lastId;
  hooks.state('connecting');
  while (!signal.aborted) {
    let heard = false;
    try {
      const answer = await connect(seen, signal, edges);
      if (answer.status === 401) {
        hooks.state('down');
        hooks.unauthorized();
        return;
      }
      if (answer.ok && answer.body) {
        await read(answer.body, signal, {
          ...hooks,
          event(event) {
            if (event.id) seen = event.id;
            if (!heard) hooks.state('live');
            heard = true;
            hooks.event(event);
          },
        });
      }
    } catch {
      // A broken line and a refused connection are the same to the reader: down, try again.
    }
    if (signal.aborted) return;
    hooks.state('down');
    attempt = heard ? 0 : attempt + 1;
    await edges.wait(backoff(attempt, edges.random()), signal);
  }
}

function connect(lastId: string | null, signal: AbortSignal, edges: StreamEdges): Promise<Response> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (lastId) headers['last-event-id'] = lastId;
  return edges.fetch('/api/v1/events', { headers, signal, credentials: 'same-origin', cache: 'no-store' });
}

async function read(body: ReadableStream<Uint8Array>, signal: AbortSignal, hooks: StreamHooks): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  let silence: ReturnType<typeof setTimeout> | undefined;
  const rewind = () => {
    clearTimeout(silence);
    silence = setTimeout(stop, SILENCE_MS);
  };
  try {
    rewind();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rewind();
      hooks.pulse();
      for (const event of parser.feed(decoder.decode(value, { stream: true }))) hooks.event(event);
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
  }
}

const BROWSER: StreamEdges = {
  fetch: (input, init) => fetch(input, init),
  random: Math.random,
  wait: (ms, signal) =>
    new Promise((done) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          done();
        },
        { once: true },
      );
    }),
};
