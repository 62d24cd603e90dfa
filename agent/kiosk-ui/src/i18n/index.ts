// The page's words in every language of MigraDo. All but German are drafts: no person has checked
// them yet. A sentence is a whole, never put together from parts.
import { catalogs } from './catalogs';

export interface Words {
  welcome: string;
  ready: string;
  inform_only: string;
  inform_hint: string;
  out_of_service: string;
  out_hint: string;
  updating: string;
  starting: string;
  begin: string;
  done: string;
  still_there: string;
  go_on: string;
  cleared: string;
}

export interface Language {
  /** BCP 47 tag as the settings name it. */
  tag: string;
  /** Its name in itself. */
  name: string;
  /** What screen readers and fonts need to know. */
  lang: string;
  dir: 'ltr' | 'rtl';
  checked: boolean;
  words: Words;
}

const list: [string, string, string, boolean][] = [
  // tag, name, lang, right to left
  ['de', 'Deutsch', 'de', false],
  ['de-simple', 'Leichte Sprache', 'de', false],
  ['en', 'English', 'en', false],
  ['ar', 'العربية', 'ar', true],
  ['uk', 'Українська', 'uk', false],
  ['ru', 'Русский', 'ru', false],
  ['tr', 'Türkçe', 'tr', false],
  ['fa', 'دری / فارسی', 'fa', true],
  ['ro', 'Română', 'ro', false],
  ['bg', 'Български', 'bg', false],
  ['pl', 'Polski', 'pl', false],
  ['fr', 'Français', 'fr', false],
  ['es', 'Español', 'es', false],
  ['sq', 'Shqip', 'sq', false],
  ['kmr', 'Kurmancî', 'kmr', false],
  ['ps', 'پښتو', 'ps', true],
  ['ti', 'ትግርኛ', 'ti', false],
];

export const languages: Language[] = list.map(([tag, name, lang, rtl]) => ({
  tag,
  name,
  lang,
  dir: rtl ? 'rtl' : 'ltr',
  checked: tag === 'de',
  words: catalogs[tag] ?? catalogs['de']!,
}));

const ALIASES: Record<string, string> = { ku: 'kmr', prs: 'fa', 'de-leicht': 'de-simple', 'de-x-ls': 'de-simple' };

/** The language of a tag, also of a regional one; German where there is none. */
export function language(tag: string | null): Language {
  const exact = ALIASES[tag ?? ''] ?? tag;
  const base = exact?.split('-')[0] ?? 'de';
  const of = (wanted: string | null | undefined) => languages.find((l) => l.tag === wanted);
  return of(exact) ?? of(ALIASES[base] ?? base) ?? languages[0]!;
}

/** The languages on offer, in the order of the settings, Leichte Sprache beside German. */
export function offered(tags: string[]): Language[] {
  const known = tags.map((tag) => language(tag)).filter((l, n) => n === 0 || l.tag !== 'de' || tags[n]!.startsWith('de'));
  const wanted = known.length > 0 ? known : languages;
  const german = wanted.some((l) => l.tag === 'de') ? [language('de'), language('de-simple')] : [];
  return [...new Set([...german, ...wanted])];
}
