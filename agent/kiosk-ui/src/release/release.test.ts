import { describe, expect, it } from 'vitest';
import { isWithin, linked } from './html';
import { readRelease } from './read';
import { chain, pick, pickFile, spoken } from './texts';
import type { Release } from './types';
import { day, today, upcoming, when } from './when';
import { checkStrings, speaker } from './words';

const text = (words: string, state: 'draft' | 'checked' = 'checked') => ({ text: words, state });

const release: Release = {
  format: 1, day: '2026-11-25', time_zone: 'Europe/Berlin', reference: 'de',
  languages: [
    { code: 'de', name: 'Deutsch', direction: 'ltr' },
    { code: 'de-simple', name: 'Leichte Sprache', direction: 'ltr', mode_of: 'de' },
    { code: 'ar', name: 'العربية', direction: 'rtl' },
    { code: 'ar-simple', name: 'عربية سهلة', direction: 'rtl', mode_of: 'ar' },
  ],
  strings: { de: { path: 'strings/de.ftl', state: 'checked' }, ar: { path: 'strings/ar.ftl', state: 'draft' } },
  home: { title: { de: text('Start') }, intro: {}, featured: [{ kind: 'form', id: 'anmeldung' }] },
  topics: [], offices: [], guides: [], videos: [], series: [], events: [],
  forms: [{
    id: 'anmeldung', edition: '2026-01', title: { de: text('Anmeldung'), ar: text('تسجيل', 'draft') }, office: 'buergerdienste',
    topics: [], pdf: 'forms/anmeldung.pdf', valid_from: '2026-01-01', valid_until: '2027-12-31', sheets: 2,
  }],
};
const written = (change: (raw: Record<string, unknown>) => void) => {
  const raw = JSON.parse(JSON.stringify(release)) as Record<string, unknown>;
  change(raw);
  return () => readRelease(JSON.stringify(raw));
};

describe('a release', () => {
  it('is read as it was written', () => {
    expect(readRelease(JSON.stringify(release))).toEqual(release);
  });
  it('is refused with what is wrong and where', () => {
    expect(() => readRelease('{"format":')).toThrow('no JSON');
    expect(() => readRelease('[]')).toThrow('no object');
    expect(written((raw) => { raw.format = 2; })).toThrow('format 2; this page knows 1');
    expect(written((raw) => { delete raw.offices; })).toThrow('no list offices');
    expect(written((raw) => { raw.topics = [{ id: 'wohnen' }]; })).toThrow('topics[0] has no name');
    expect(written((raw) => { raw.guides = [null]; })).toThrow('guides[0] has no id');
    expect(written((raw) => { raw.home = { title: {}, intro: {} }; })).toThrow('no home');
    expect(written((raw) => { raw.strings = { ar: { path: 'x', state: 'draft' } }; })).toThrow('no strings in de');
  });
  it('leaves out what a newer editor features and keeps the rest', () => {
    const read = written((raw) => {
      (raw.home as { featured: unknown[] }).featured.unshift({ kind: 'game', id: 'x' });
    })();
    expect(read.home.featured).toEqual([{ kind: 'form', id: 'anmeldung' }]);
  });
});

describe('a text', () => {
  const title = release.forms[0]!.title;
  it('is in the language of the visitor, said to be a draft where nobody checked it', () => {
    expect(pick(release, 'ar', title)).toEqual({ text: 'تسجيل', lang: 'ar', dir: 'rtl', other: null, draft: true });
  });
  it('falls back to the language that it is a mode of, then to the reference, and says so', () => {
    expect(chain(release, 'de-simple')).toEqual(['de-simple', 'de']);
    expect(pick(release, 'ar-simple', title)).toMatchObject({ text: 'تسجيل', lang: 'ar', dir: 'rtl', other: 'العربية' });
    expect(pick(release, 'de-simple', title)).toMatchObject({ text: 'Anmeldung', other: 'Deutsch' });
    expect(pick(release, 'ar', { de: text('Start') })).toMatchObject({ lang: 'de', dir: 'ltr', other: 'Deutsch' });
  });
  it('is never without words while there are some, and empty where there are none', () => {
    expect(pick(release, 'de', { ar: text('تسجيل') })).toMatchObject({ text: 'تسجيل', dir: 'rtl', other: 'العربية' });
    expect(pick(release, 'de', {}).text).toBe('');
    expect(pickFile(release, 'ar', {})).toBeNull();
  });
  it('in plain language is German to a screen reader', () => {
    expect(spoken(release, 'de-simple').lang).toBe('de');
  });
});

describe('words', () => {
  const german = 'home = Start\nback = Zurück\nforms = Formulare\nguides = Hilfen\nprint = Drucken\nleft = Noch { $n }';
  it('come from the language, else the reference, else they are built in', () => {
    const say = speaker(release, 'ar', new Map([['de', german], ['ar', 'home = البداية']]));
    expect(say('home')).toBe('البداية');
    expect(say('back')).toBe('Zurück');
    expect(say('no-such-word')).toBe('no-such-word');
  });
  it('of the reference have to be there', () => {
    expect(() => checkStrings('strings/de.ftl', german)).not.toThrow();
    expect(() => checkStrings('strings/de.ftl', 'home = Start')).toThrow('back, forms, guides, print');
  });
});

describe('time', () => {
  const event = { series: 's', start: '2026-12-01T17:00:00Z', end: '2026-12-01T18:30:00Z' };
  it('is that of the offices, whatever the display’s zone', () => {
    expect(when(event, 'de', 'Europe/Berlin')).toEqual({ day: 'Dienstag, 1. Dezember 2026', hours: '18:00–19:30' });
    expect(today('Europe/Berlin', Date.parse('2026-12-31T23:30:00Z'))).toBe('2027-01-01');
  });
  it('of a whole day ends on that day', () => {
    const whole = { series: 's', start: '2026-12-23T23:00:00Z', end: '2026-12-24T23:00:00Z', all_day: true };
    expect(when(whole, 'de', 'Europe/Berlin')).toEqual({ day: 'Donnerstag, 24. Dezember 2026', hours: '' });
  });
  it('keeps the digits that stand on doors and letters', () => {
    expect(day('2027-08-31', 'fa')).toMatch(/31.*2027|2027.*31/);
    expect(when(event, 'ar', 'Europe/Berlin').hours).toBe('18:00–19:30');
  });
  it('that cannot be read is shown as it stands', () => {
    expect(day('soon', 'de')).toBe('soon');
    expect(when({ ...event, start: 'x' }, 'de', 'Europe/Berlin')).toEqual({ day: 'x', hours: '' });
  });
  it('that is over is not offered', () => {
    expect(upcoming([event], 's', Date.parse('2026-12-01T18:29:00Z'))).toHaveLength(1);
    expect(upcoming([event], 's', Date.parse('2026-12-01T18:30:00Z'))).toHaveLength(0);
    expect(upcoming([event], 'other', 0)).toHaveLength(0);
  });
});

describe('a guide', () => {
  it('leads only to items', () => {
    expect(linked('#form/anmeldung')).toEqual({ kind: 'form', id: 'anmeldung' });
    for (const href of [null, '', 'https://example.org', 'javascript:alert(1)', '#form/', '#game/x', '#form/A', '#form/a/b']) {
      expect(linked(href), String(href)).toBeNull();
    }
  });
  it('shows only pictures of its release', () => {
    expect(isWithin('guides/wohnen/bild 1.png')).toBe(true);
    for (const path of ['', '/x.png', '../x.png', 'a/../../x', 'a//b', 'https://x/y.png', 'data:x', 'a\\b', 'x?y', 'x#y', '%2e%2e/x']) {
      expect(isWithin(path), path).toBe(false);
    }
  });
});
