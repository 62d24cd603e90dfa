// `release.json` as the page reads it: the mirror of content/src/index.rs.
export type Texts = Record<string, { text: string; state: 'draft' | 'checked' }>;
export type Files = Record<string, { path: string; state: 'draft' | 'checked' }>;

export const KINDS = ['form', 'guide', 'video', 'event', 'office', 'topic'] as const;
export type Kind = (typeof KINDS)[number];
export interface Item { kind: Kind; id: string }

export interface LanguageEntry { code: string; name: string; direction: 'ltr' | 'rtl'; mode_of?: string }
export interface Topic { id: string; name: Texts }
export interface Office {
  id: string; name: Texts; address: string; hours: Texts;
  contact: { phone?: string; email?: string; web?: string };
}
export interface Form {
  id: string; edition: string; title: Texts; office: string; topics: string[]; pdf: string;
  valid_from: string; valid_until: string; sheets: number;
}
interface Owned { id: string; title: Texts; office?: string; topics: string[] }
export interface Guide extends Owned { pages: Files }
export interface Video extends Owned { path: string; length_ms: number; captions: Files }
export type Series = Owned;
export interface Event { series: string; start: string; end: string; all_day?: boolean; place?: string }

export interface Release {
  format: number; day: string; time_zone: string; reference: string;
  languages: LanguageEntry[]; strings: Files;
  home: { title: Texts; intro: Texts; featured: Item[] };
  topics: Topic[]; offices: Office[]; forms: Form[]; guides: Guide[]; videos: Video[];
  series: Series[]; events: Event[];
}
