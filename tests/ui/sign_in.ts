// What every journey on the console begins with, and what has to hold of each of its pages.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { fleet } from './fleet';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export async function signIn(page: Page, language = 'en'): Promise<void> {
  const { console: base, name, password } = fleet();
  await page.addInitScript((lang) => localStorage.setItem('migrado-console', JSON.stringify({ language: lang })), language);
  await page.goto(base);
  await page.locator('#name').fill(name);
  await page.locator('#password').fill(password);
  await page.locator('button.primary').click();
  await page.getByTestId('stream-state').first().waitFor();
}

export async function isAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)).toEqual([]);
}
