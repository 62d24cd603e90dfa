// The page's words from the release (Fluent), with the built-in ones behind them.
import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import builtin from '../i18n/builtin.ftl?raw';
import { chain, spoken } from './texts';
import type { Release } from './types';

export type Say = (key: string, args?: Record<string, FluentVariable>) => string;

function bundle(lang: string, source: string): FluentBundle {
  const made = new FluentBundle(lang);
  made.addResource(new FluentResource(source));
  return made;
}

/** Words that the reference must have: without them the strings are another file under this name. */
const NEEDED = ['home', 'back', 'forms', 'guides', 'print'];

/** Checks the strings of the reference. */
export function checkStrings(file: string, source: string): void {
  const made = bundle('de', source);
  const missing = NEEDED.filter((key) => !made.hasMessage(key));
  if (missing.length > 0) throw new Error(`${file} has no words ${missing.join(', ')}`);
}

/** Speaks a language: its own words, else those it falls back to, else the built-in ones. */
export function speaker(release: Release, tag: string, sources: Map<string, string>): Say {
  const codes = chain(release, tag).filter((code) => sources.has(code));
  const bundles = codes.map((code) => bundle(spoken(release, code).lang, sources.get(code)!));
  bundles.push(bundle('de', builtin));
  return (key, args) => {
    for (const from of bundles) {
      const pattern = from.getMessage(key)?.value;
      if (pattern) return from.formatPattern(pattern, args ?? null, []);
    }
    return key;
  };
}
