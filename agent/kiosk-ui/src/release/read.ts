// Reads `release.json`: refuses another format and what would break the page later. Pure.
import { KINDS, type Release } from './types';

/** The format that this page knows. */
export const FORMAT = 1;

const LISTS = ['languages', 'topics', 'offices', 'forms', 'guides', 'videos', 'series', 'events'] as const;
/** What an entry of each list cannot be without. */
const PARTS: Record<(typeof LISTS)[number], string[]> = {
  languages: ['code', 'name'],
  topics: ['id', 'name'],
  offices: ['id', 'name', 'address', 'hours', 'contact'],
  forms: ['id', 'edition', 'title', 'pdf', 'valid_until', 'sheets', 'topics'],
  guides: ['id', 'title', 'topics', 'pages'],
  videos: ['id', 'title', 'topics', 'path', 'captions'],
  series: ['id', 'title', 'topics'],
  events: ['series', 'start', 'end'],
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The release in a text, or an error that says what is wrong with it. */
export function readRelease(text: string): Release {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new Error('release.json is no JSON');
  }
  if (!isObject(raw)) throw new Error('release.json is no object');
  if (raw.format !== FORMAT) throw new Error(`release.json has format ${String(raw.format)}; this page knows ${FORMAT}`);
  for (const key of ['reference', 'time_zone'] as const) {
    if (typeof raw[key] !== 'string') throw new Error(`release.json has no ${key}`);
  }
  for (const list of LISTS) {
    const entries = raw[list];
    if (!Array.isArray(entries)) throw new Error(`release.json has no list ${list}`);
    entries.forEach((entry: unknown, n) => {
      const missing = PARTS[list].find((part) => !isObject(entry) || entry[part] === undefined);
      if (missing) throw new Error(`release.json: ${list}[${n}] has no ${missing}`);
    });
  }
  const home = raw.home;
  if (!isObject(home) || !isObject(home.title) || !isObject(home.intro) || !Array.isArray(home.featured)) {
    throw new Error('release.json has no home');
  }
  if (!isObject(raw.strings)) throw new Error('release.json has no strings');
  const release = raw as unknown as Release;
  if (!release.strings[release.reference]) throw new Error(`release.json has no strings in ${release.reference}`);
  // A newer editor's kind of item is left out; the rest of the home page stands.
  release.home.featured = release.home.featured.filter((item) => KINDS.includes(item.kind));
  return release;
}
