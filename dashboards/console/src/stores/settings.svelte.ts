// What a person prefers, kept in this browser. Not what the fleet is.

export type Theme = 'auto' | 'light' | 'dark';
export interface Preferences {
  language: 'de' | 'en';
  theme: Theme;
  /** Keys without Ctrl, as "/" and "?"; can be switched off (WCAG 2.1.4). */
  shortcuts: boolean;
}

const KEY = 'migrado-console';
const DEFAULTS: Preferences = { language: 'de', theme: 'auto', shortcuts: true };

/** What was stored, with whatever is missing or foreign replaced by the default. */
export function parse(stored: string | null): Preferences {
  let read: Partial<Preferences> = {};
  try {
    read = (JSON.parse(stored ?? '{}') as Partial<Preferences> | null) ?? {};
  } catch {
    // Somebody else's text under our key: the defaults are right.
  }
  return {
    language: read.language === 'en' ? 'en' : DEFAULTS.language,
    theme: read.theme === 'light' || read.theme === 'dark' ? read.theme : DEFAULTS.theme,
    shortcuts: typeof read.shortcuts === 'boolean' ? read.shortcuts : DEFAULTS.shortcuts,
  };
}

function load(): Preferences {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return DEFAULTS;
  }
}

class Settings {
  #now = $state<Preferences>(load());

  get language(): 'de' | 'en' {
    return this.#now.language;
  }
  get theme(): Theme {
    return this.#now.theme;
  }
  get shortcuts(): boolean {
    return this.#now.shortcuts;
  }

  change(changes: Partial<Preferences>): void {
    Object.assign(this.#now, changes);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#now));
    } catch {
      // A browser without storage keeps the choice until the tab closes.
    }
    this.apply();
  }

  /** Onto the document; also in other tabs. */
  apply(): void {
    document.documentElement.lang = this.language;
    document.documentElement.dataset['theme'] = this.theme;
  }

  start(): void {
    const asked = new URLSearchParams(location.search).get('lang');
    if (asked === 'de' || asked === 'en') this.#now.language = asked;
    this.apply();
    addEventListener('storage', (event) => {
      if (event.key !== KEY) return;
      Object.assign(this.#now, parse(event.newValue));
      this.apply();
    });
  }
}

export const settings = new Settings();
