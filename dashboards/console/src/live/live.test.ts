// The event stream: its parser, its reconnecting, and finding gaps between tabs.
import { describe, expect, it, vi } from 'vitest';
import { GapFinder } from './hub.svelte';
import { SseParser, type StreamEvent } from './sse';
import { backoff, follow, type StreamEdges, type StreamState } from './stream';

const RECORDED = ': hi\n\nid: 7\nevent: hello\ndata: {"revision":7,"now_ms":1}\n\nid: 8\r\nevent: terminal\r\ndata: {"id":"fp-01",\r\ndata: "x":1}\r\n\r\n';

describe('parser', () => {
  it('reads a recorded stream however it is cut', () => {
    const whole = new SseParser().feed(RECORDED);
    expect(whole).toEqual([
      { event: 'hello', data: '{"revision":7,"now_ms":1}', id: '7' },
      { event: 'terminal', data: '{"id":"fp-01",\n"x":1}', id: '8' },
    ]);
    for (let size = 1; size < 12; size++) {
      const parser = new SseParser();
      const events: StreamEvent[] = [];
      for (let i = 0; i < RECORDED.length; i += size) events.push(...parser.feed(RECORDED.slice(i, i + size)));
      expect(events, `pieces of ${size}`).toEqual(whole);
    }
  });
  it('says nothing for comments and events without data', () => {
    expect(new SseParser().feed(': a\n\nevent: x\n\n')).toEqual([]);
  });
});

function streamOf(...pieces: string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return new Response(body, { status: 200 });
}

describe('follow', () => {
  function drive(answers: (Response | Error)[]) {
    const asked: (string | null)[] = [];
    const states: StreamState[] = [];
    const events: string[] = [];
    const stop = new AbortController();
    const unauthorized = vi.fn();
    const edges: StreamEdges = {
      fetch: async (_url, init) => {
        asked.push(new Headers(init?.headers).get('last-event-id'));
        const answer = answers.shift();
        if (!answer) {
          stop.abort();
          throw new Error('aborted');
        }
        if (answer instanceof Error) throw answer;
        return answer;
      },
      wait: async () => undefined,
      random: () => 0.5,
    };
    const done = follow(
      { event: (e) => events.push(e.event), pulse: () => undefined, state: (s) => states.push(s), unauthorized },
      stop.signal,
      edges,
    );
    return { done, asked, states, events, unauthorized };
  }

  it('resumes after a break with the last id it has seen', async () => {
    const run = drive([streamOf('id: 41\nevent: hello\ndata: {}\n\n'), new Error('refused'), streamOf('id: 42\nevent: hello\ndata: {}\n\n')]);
    await run.done;
    expect(run.asked).toEqual([null, '41', '41', '42']);
    expect(run.states).toEqual(['connecting', 'live', 'down', 'down', 'live', 'down']);
  });
  it('is not live before anything was heard', async () => {
    const run = drive([streamOf(': only a comment\n\n')]);
    await run.done;
    expect(run.states).toEqual(['connecting', 'down']);
  });
  it('stops when the session has ended', async () => {
    const run = drive([new Response('', { status: 401 })]);
    await run.done;
    expect(run.unauthorized).toHaveBeenCalledOnce();
    expect(run.asked).toHaveLength(1);
  });
  it('waits longer from try to try, to a bound, never nothing', () => {
    const waits = Array.from({ length: 12 }, (_, i) => backoff(i, 0.5));
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBe(15_000);
    expect(backoff(0, 0)).toBeGreaterThan(0);
  });
});

describe('notes between tabs', () => {
  it('show a gap once and only when there is one', () => {
    const gaps = new GapFinder();
    expect([gaps.expect(5), gaps.missed(5), gaps.missed(6), gaps.expect(7), gaps.missed(9), gaps.missed(10)]).toEqual([false, false, false, false, true, false]);
  });
});
