// Speaks to the agent on loopback: the stream of views, the heartbeat, the session.
import { readView, type View } from './view';

/** How often the page says that it draws: each beat wakes the agent, and its patience is 15 s. */
const BEAT_MS = 5_000;
/** How long the agent may take to answer. */
const ANSWER_MS = 5_000;
/** How soon a stream that the browser gave up is opened again. */
const REOPEN_MS = 3_000;

/** Names this load of the page: the agent knows by it that an ordered reload has happened. */
const LOAD = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

export interface Heard {
  view(view: View): void;
  alive(): void;
}

async function ask(method: string, path: string, body?: unknown): Promise<boolean> {
  try {
    const answer = await fetch(path, {
      method,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

export const beginSession = (language: string) => ask('POST', '/api/session', { language });
export const renewSession = () => ask('POST', '/api/session/renew');
export const endSession = () => ask('DELETE', '/api/session');

/** Asks for a form on paper. `null`: it is on its way; else the word of why not. */
export async function printForm(id: string): Promise<string | null> {
  try {
    const answer = await fetch(`/api/forms/${encodeURIComponent(id)}/print`, {
      method: 'POST',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ copies: 1 }),
    });
    if (answer.ok) return null;
    const problem: unknown = await answer.json();
    return String((problem as { code?: unknown }).code ?? 'failed');
  } catch {
    return 'failed';
  }
}

/** What the page says of the release with every beat. */
export interface Drawn {
  release: string | null;
  error?: string;
}

/** Listens and beats for as long as the page lives. Gives what beats at once. */
export function connect(heard: Heard, route: () => string, drawn: () => Drawn): () => void {
  // Only a page that really draws says so: the frame is what a visitor sees.
  const beat = () =>
    requestAnimationFrame(async () => {
      const body = { build: __BUILD__, load: LOAD, route: route(), visible: true, ...drawn() };
      if (await ask('POST', '/api/heartbeat', body)) heard.alive();
    });
  const open = () => {
    const stream = new EventSource('/api/events');
    // An agent that started anew shall not wait for the next beat to know that the page is there.
    stream.addEventListener('open', beat);
    stream.addEventListener('view', (event) => {
      const view = readView((event as MessageEvent<string>).data);
      heard.alive();
      if (view) heard.view(view);
    });
    stream.addEventListener('error', () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
    });
  };
  beat();
  open();
  setInterval(() => {
    if (document.visibilityState === 'visible') beat();
  }, BEAT_MS);
  return beat;
}
