// The stores: an older word never replaces a newer one, whichever way it came.
import { describe, expect, it } from 'vitest';
import type { Command } from '../api/types';
import { terminal } from '../lib/lib.test';
import { cancelable, commands, settled } from './commands.svelte';
import { fleet, merged } from './fleet.svelte';

function command(id: string, revision: number, state: Command['state']): Command {
  return {
    id, batch: 'b', terminal: 'fp-01', order: { verb: 'reboot' }, state, by: 'admin', issued_ms: 1, start_by_ms: 2,
    finish_by_ms: 3, history: [], cancel_requested: false, has_logs: false, revision,
  };
}

describe('fleet', () => {
  it('keeps what an event told while the list was fetched', () => {
    const before = new Map([['fp-01', terminal('fp-01', 'fault', 'friedensplatz', 9)], ['gone', terminal('gone', 'ok')], ['new', terminal('new', 'ok')]]);
    const after = merged([terminal('fp-01', 'ok', 'friedensplatz', 5)], before, new Set(['fp-01', 'new']));
    expect(after.get('fp-01')?.status).toBe('fault');
    expect([...after.keys()].sort()).toEqual(['fp-01', 'new']);
  });
  it('applies events in any order by revision', () => {
    for (const event of [terminal('fp-01', 'fault', 'friedensplatz', 3), terminal('fp-01', 'ok', 'friedensplatz', 2)]) {
      fleet.event('terminal', event);
      fleet.flush();
    }
    expect(fleet.terminals.get('fp-01')?.status).toBe('fault');
  });
});

describe('orders', () => {
  it('never go back to an older word', () => {
    commands.take([command('1', 5, 'succeeded')]);
    commands.event('command', command('1', 4, 'running'));
    expect(commands.get('1')?.state).toBe('succeeded');
  });
  it('let the word of the display overrule a time-out', () => {
    commands.take([command('2', 5, 'timed_out')]);
    commands.event('command', command('2', 6, 'succeeded'));
    expect(commands.get('2')?.state).toBe('succeeded');
  });
  it('can be taken back only while that may help', () => {
    expect((['queued', 'sent', 'accepted'] as const).every((s) => cancelable(command('3', 1, s)))).toBe(true);
    expect((['running', 'succeeded', 'timed_out'] as const).some((s) => cancelable(command('3', 1, s)))).toBe(false);
    expect(settled('timed_out') && !settled('running')).toBe(true);
  });
});
