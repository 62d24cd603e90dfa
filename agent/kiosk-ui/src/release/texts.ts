// Which text a visitor gets: in the own language, else in the one that it is a mode of, else in the
// reference. Pure.
import type { Files, Release, Texts } from './types';

export interface Told {
  text: string;
  /** The language that it is in, for screen readers and fonts. */
  lang: string;
  dir: 'ltr' | 'rtl';
  /** It is not in the visitor's language, but in this one. */
  other: string | null;
  draft: boolean;
}

/** The languages in which a text is looked for, the best first. */
export function chain(release: Release, tag: string): string[] {
  const mode = release.languages.find((l) => l.code === tag)?.mode_of;
  const wanted = [tag, ...(mode ? [mode] : []), release.reference];
  return [...new Set(wanted)];
}

/** What a language is to the browser: plain language is read as what it is a mode of. */
export function spoken(release: Release, code: string): { lang: string; dir: 'ltr' | 'rtl'; name: string } {
  const entry = release.languages.find((l) => l.code === code);
  return { lang: entry?.mode_of ?? code, dir: entry?.direction ?? 'ltr', name: entry?.name ?? code };
}

function told(release: Release, tag: string, code: string, text: string, draft: boolean): Told {
  const { lang, dir, name } = spoken(release, code);
  return { text, lang, dir, other: code === tag ? null : name, draft };
}

/** The best of a text. One that is nowhere is empty. */
export function pick(release: Release, tag: string, texts: Texts): Told {
  const code = chain(release, tag).find((c) => texts[c]?.text) ?? Object.keys(texts)[0];
  const found = code ? texts[code] : undefined;
  if (!code || !found) return told(release, tag, tag, '', false);
  return told(release, tag, code, found.text, found.state === 'draft');
}

/** The best of a file: its path stands as the text. */
export function pickFile(release: Release, tag: string, files: Files): Told | null {
  const code = chain(release, tag).find((c) => files[c]) ?? Object.keys(files)[0];
  const found = code ? files[code] : undefined;
  return code && found ? told(release, tag, code, found.path, found.state === 'draft') : null;
}
