// Whole sentences from the catalogs in src/messages. Both languages are in the bundle: switching
// must work while the controller is away.
import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import de from '../messages/de.ftl?raw';
import en from '../messages/en.ftl?raw';
import type { Text } from '../api/types';
import { settings } from '../stores/settings.svelte';

export type Language = 'de' | 'en';

function bundle(language: Language, source: string): FluentBundle {
  // Both languages run left to right; values of unknown direction stand in <bdi>. Isolation marks
  // inside names of controls would break search in page and tests.
  const made = new FluentBundle(language, { useIsolating: false });
  made.addResource(new FluentResource(source));
  return made;
}

const BUNDLES: Record<Language, FluentBundle> = { de: bundle('de', de), en: bundle('en', en) };

/** A sentence in a language. */
export function sentence(language: Language, id: string, args?: Record<string, FluentVariable>): string {
  const from = BUNDLES[language];
  const pattern = from.getMessage(id)?.value;
  return pattern ? from.formatPattern(pattern, args ?? null) : id;
}

/** A sentence in the reader's language; reactive. */
export function t(id: string, args?: Record<string, FluentVariable>): string {
  return sentence(settings.language, id, args);
}

/** Whether the catalog knows it: for words that a newer controller may send. */
export function known(id: string): boolean {
  return BUNDLES.de.hasMessage(id);
}

/** The catalog's word for a value of the API, or the value itself when it is newer than we are. */
export function word(family: string, value: string): string {
  const id = `${family}-${value.replaceAll('_', '-')}`;
  return known(id) ? t(id) : value;
}

/** The controller's sentence in the reader's language. */
export function say(text: Text): string {
  return text[settings.language];
}
