import { describe, expect, it } from 'vitest';
import { idle, readView, SILENCE_MS, shownState, WARNING_S, type View } from './view';
import { language, languages, offered } from '../i18n';

const view: View = {
  state: 'ready', terminal: 'fp-01', label: '', site: '', languages: [], idle_s: 120,
  session: null, identify: false, load: 1, controller_online: true,
  release: null, recalled: [], jobs: [],
};

describe('the view', () => {
  it('keeps the last one when nonsense comes', () => {
    for (const text of ['', '{', 'null', '3', '{}', '{"terminal":3}']) expect(readView(text)).toBeNull();
    expect(readView(JSON.stringify(view))).toEqual(view);
  });
  it('promises nothing for a state it does not know', () => {
    expect(readView(JSON.stringify({ ...view, state: 'maintenance' }))?.state).toBe('starting');
  });
  it('is out of service when the agent is silent, and back when it speaks', () => {
    expect(shownState(view, 0, SILENCE_MS - 1)).toBe('ready');
    expect(shownState(view, 0, SILENCE_MS)).toBe('out_of_service');
    expect(shownState(view, SILENCE_MS, SILENCE_MS)).toBe('ready');
    expect(shownState(null, 0, 0)).toBe('starting');
  });
  it('asks before a session ends, at least 20 s before', () => {
    expect(idle(120, 0, 0)).toEqual({ leftS: 120, warn: false });
    expect(idle(120, 0, (120 - WARNING_S) * 1000)).toEqual({ leftS: 20, warn: true });
    expect(idle(120, 0, 500_000)).toEqual({ leftS: 0, warn: true });
  });
});

describe('the languages', () => {
  it('are sixteen and Leichte Sprache, each with every sentence in itself', () => {
    expect(languages).toHaveLength(17);
    for (const one of languages) {
      for (const [key, text] of Object.entries(one.words)) expect(text, `${one.tag} ${key}`).not.toBe('');
      if (one.tag !== 'de') expect(one.words.ready).not.toBe(languages[0]!.words.ready);
    }
  });
  it('are found by regional and older tags, German where there is none', () => {
    expect(language('ar-SY').tag).toBe('ar');
    expect(language('ku').tag).toBe('kmr');
    expect(language('xx').tag).toBe('de');
    expect(language(null).tag).toBe('de');
  });
  it('are offered as the settings say, Leichte Sprache beside German, all without settings', () => {
    expect(offered(['ar', 'de', 'zz']).map((l) => l.tag)).toEqual(['de', 'de-simple', 'ar']);
    expect(offered([])).toHaveLength(17);
  });
});
