// Both catalogs say the same things, and everything the console asks for is in them.
import { FluentResource } from '@fluent/bundle';
import { describe, expect, it } from 'vitest';
import de from './de.ftl?raw';
import en from './en.ftl?raw';
import { sentence } from '../lib/i18n.svelte';

const keys = (source: string) => new FluentResource(source).body.map((m) => m.id);
const sources = import.meta.glob('../**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;
const variables = (source: string, id: string) => {
  const block = new RegExp(`^${id} =([\\s\\S]*?)(?=^\\S)`, 'm').exec(`${source}\nend = x`)?.[1] ?? '';
  return [...new Set([...block.matchAll(/\$(\w+)/g)].map((m) => m[1]))].sort();
};

describe('catalogs', () => {
  it('have the same keys, each once', () => {
    expect(keys(de).sort()).toEqual(keys(en).sort());
    expect(new Set(keys(de)).size).toBe(keys(de).length);
  });
  it('have a sentence behind every key, without errors of syntax', () => {
    const written = (source: string) => [...source.matchAll(/^([a-z][\w-]*) =/gm)].map((m) => m[1]);
    expect(keys(de)).toEqual(written(de));
    expect(keys(en)).toEqual(written(en));
  });
  it('take the same values, a number as text apart', () => {
    const odd = keys(de).filter((id) => variables(de, id).join() !== variables(en, id).join());
    expect(odd).toEqual([]);
  });
  it('know every sentence the console asks for', () => {
    const known = new Set(keys(de));
    const missing: string[] = [];
    for (const [file, source] of Object.entries(sources)) {
      if (file.endsWith('.test.ts')) continue;
      for (const [, id] of source.matchAll(/\bt\('([a-z0-9-]+)'/g)) if (id && !known.has(id)) missing.push(`${file}: ${id}`);
    }
    expect(missing).toEqual([]);
  });
  it('have no sentence that nobody asks for', () => {
    const text = Object.values(sources).join('\n');
    const families = [...text.matchAll(/(?:word\('|family="|t\(`|`)([a-z]+(?:-[a-z]+)*)-?(?:['"]|\$\{)/g)].map((m) => `${m[1]}-`);
    const unused = keys(de).filter((id) => !text.includes(`'${id}'`) && !families.some((f) => id.startsWith(f)));
    expect(unused).toEqual([]);
  });
  it('count in German and English', () => {
    expect(sentence('de', 'age-since-days', { n: 3 })).toBe('seit 3 Tagen');
    expect(sentence('de', 'age-ago-hours', { n: 1 })).toBe('vor einer Stunde');
    expect(sentence('en', 'age-since-days', { n: 1 })).toBe('for a day');
  });
});
