// One event stream per browser: the tab that holds the lock reads it and passes everything on to
// the others. Every tab knows how the stream stands and when it was last heard, and is told to
// fetch anew whenever something may have been missed.
import { follow, SILENCE_MS, type StreamState } from './stream';
import type { StreamEvent } from './sse';

const NAME = 'migrado-live';

type Note =
  | { kind: 'event'; number: number; event: StreamEvent }
  | { kind: 'state'; number: number; state: StreamState; heardMs: number; lastId: string | null }
  | { kind: 'who' };

/** Finds lost notes: between tabs every note has a number, and a new reader starts anew. */
export class GapFinder {
  #expected: number | null = null;
  /** Whether something was missed before this one. */
  missed(number: number): boolean {
    const gap = this.#expected !== null && number !== this.#expected;
    this.#expected = number + 1;
    return gap;
  }
  /** A state note carries the number of the next event. */
  expect(number: number): boolean {
    const gap = this.#expected !== null && number !== this.#expected;
    this.#expected = number;
    return gap;
  }
}

export interface HubHooks {
  event(name: string, data: unknown): void;
  /** Fetch everything: at the start, after a gap, after a resync. */
  resync(): void;
  unauthorized(): void;
}

class Hub {
  state = $state<StreamState>('connecting');
  /** Local clock, when anything was last heard. */
  heardMs = $state(Date.now());
  #stop: AbortController | null = null;
  #hooks: HubHooks | null = null;
  #channel: BroadcastChannel | null = null;
  #gaps = new GapFinder();
  #reads = false;
  #number = 0;
  #lastId: string | null = null;
  #wasDown = false;

  start(hooks: HubHooks): void {
    this.stop();
    this.#hooks = hooks;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.heardMs = Date.now();
    this.state = 'connecting';
    this.#channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(NAME) : null;
    if (this.#channel) {
      this.#channel.onmessage = (message) => this.#note(message.data as Note);
      this.#channel.postMessage({ kind: 'who' } satisfies Note);
    }
    this.#listenToThePage(signal);
    void this.#lead(signal);
  }

  stop(): void {
    this.#stop?.abort();
    this.#channel?.close();
    this.#stop = null;
    this.#channel = null;
    this.#reads = false;
  }

  async #lead(signal: AbortSignal): Promise<void> {
    if (!('locks' in navigator) || !this.#channel) return this.#read(signal);
    try {
      await navigator.locks.request(NAME, { signal }, () => this.#read(signal));
    } catch {
      // Aborted while waiting for the lock: this tab no longer listens.
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    this.#reads = true;
    await follow(
      {
        event: (event) => this.#heard(event),
        pulse: () => {
          this.heardMs = Date.now();
          this.#tell();
        },
        state: (state) => this.#turn(state),
        unauthorized: () => this.#hooks?.unauthorized(),
      },
      signal,
      undefined,
      this.#lastId,
    );
  }

  #heard(event: StreamEvent): void {
    if (event.id) this.#lastId = event.id;
    this.#post({ kind: 'event', number: this.#number++, event });
    this.#deliver(event);
  }

  #turn(state: StreamState): void {
    this.state = state;
    this.#tell();
  }

  #tell(): void {
    this.#post({
      kind: 'state',
      number: this.#number,
      state: this.state,
      heardMs: this.heardMs,
      lastId: this.#lastId,
    });
  }

  #post(note: Note): void {
    this.#channel?.postMessage(note);
  }

  #note(note: Note): void {
    if (note.kind === 'who') {
      if (this.#reads) this.#tell();
      return;
    }
    if (this.#reads) return;
    if (note.kind === 'state') {
      this.state = note.state;
      this.heardMs = note.heardMs;
      this.#lastId = note.lastId;
      if (this.#gaps.expect(note.number)) this.#hooks?.resync();
      return;
    }
    const gap = this.#gaps.missed(note.number);
    this.#deliver(note.event);
    if (gap) this.#hooks?.resync();
  }

  #deliver({ event, data }: StreamEvent): void {
    this.heardMs = Date.now();
    if (event === 'resync') return this.#hooks?.resync();
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch {
      // What cannot be read may have been important.
      return this.#hooks?.resync();
    }
    this.#hooks?.event(event, parsed);
  }

  /** A tab that slept has missed what it does not know of; a follower must notice a dead reader. */
  #listenToThePage(signal: AbortSignal): void {
    const awake = () => {
      if (document.visibilityState === 'visible' && Date.now() - this.heardMs > SILENCE_MS) {
        this.#hooks?.resync();
      }
    };
    document.addEventListener('visibilitychange', awake, { signal });
    window.addEventListener('pageshow', (event) => event.persisted && this.#hooks?.resync(), { signal });
    const watch = setInterval(() => {
      if (!this.#reads && this.state === 'live' && Date.now() - this.heardMs > SILENCE_MS) {
        this.state = 'down';
        this.#wasDown = true;
      } else if (this.#wasDown && this.state === 'live') {
        this.#wasDown = false;
        this.#hooks?.resync();
      }
    }, 5_000);
    signal.addEventListener('abort', () => clearInterval(watch), { once: true });
  }
}

export const hub = new Hub();
