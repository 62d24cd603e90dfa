// Fetches a release from the agent, whole or not at all.
import { readRelease } from './read';
import { pick, pickFile, spoken, type Told } from './texts';
import type { Files, Item, Release, Texts } from './types';
import { checkStrings, speaker, type Say } from './words';

/** How long a file may take: it lies on this machine's disk. */
const FILE_MS = 15_000;

export interface Loaded {
  id: string;
  /** Where its files are, with a slash at its end. */
  base: string;
  release: Release;
  sources: Map<string, string>;
}

/** A release in a visitor's language. */
export interface Reader extends Loaded {
  tag: string;
  lang: string;
  dir: 'ltr' | 'rtl';
  say: Say;
  text(texts: Texts): Told;
  file(files: Files): Told | null;
  url(path: string): string;
}

export async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(FILE_MS) });
  if (!answer.ok) throw new Error(`${new URL(url, location.href).pathname} cannot be read (${answer.status})`);
  return answer.text();
}

/** Fetches a release with its words. The reference's have to be there, others are fallen back from. */
export async function loadRelease(id: string): Promise<Loaded> {
  const base = `/release/${encodeURIComponent(id)}/`;
  const release = readRelease(await fetchText(`${base}release.json`));
  const sources = new Map<string, string>();
  await Promise.all(
    Object.entries(release.strings).map(async ([code, file]) => {
      try {
        sources.set(code, await fetchText(base + file.path));
      } catch (error) {
        if (code === release.reference) throw error;
      }
    }),
  );
  checkStrings(release.strings[release.reference]!.path, sources.get(release.reference) ?? '');
  return { id, base, release, sources };
}

/** Reads it for somebody. */
export function reader(loaded: Loaded, tag: string): Reader {
  const { release, base } = loaded;
  const known = release.languages.some((l) => l.code === tag) ? tag : release.reference;
  const { lang, dir } = spoken(release, known);
  return {
    ...loaded,
    tag,
    lang,
    dir,
    say: speaker(release, tag, loaded.sources),
    text: (texts) => pick(release, tag, texts),
    file: (files) => pickFile(release, tag, files),
    url: (path) => base + path.split('/').map(encodeURIComponent).join('/'),
  };
}

/** What an item is called. `null` where there is none such: a link to it is not shown. */
export function title(release: Release, item: Item): Texts | null {
  const { kind, id } = item;
  const named = { office: release.offices, topic: release.topics } as const;
  if (kind === 'office' || kind === 'topic') return named[kind].find((one) => one.id === id)?.name ?? null;
  const titled = { form: release.forms, guide: release.guides, video: release.videos, event: release.series } as const;
  return titled[kind].find((one) => one.id === id)?.title ?? null;
}

/** Everything that is about a topic or belongs to an office. */
export function items(release: Release, belongs: (one: { topics: string[]; office?: string }) => boolean): Item[] {
  const of = <K extends Item['kind']>(kind: K, list: { id: string; topics: string[]; office?: string }[]) =>
    list.filter(belongs).map((one) => ({ kind, id: one.id }));
  return [
    ...of('guide', release.guides),
    ...of('form', release.forms),
    ...of('video', release.videos),
    ...of('event', release.series),
  ];
}
