// The visitor's page against the real agent: never blank, in the visitor's language.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { fleet } from './fleet';

test('a visitor is welcomed, nothing comes from elsewhere, and the page is accessible', async ({ page }) => {
  const base = fleet().kiosks['fp-01'] ?? '';
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  const answer = await page.goto(base);
  expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
  await expect(page.locator('body')).not.toBeEmpty();
  await expect(page.getByRole('heading').first()).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
  expect(foreign).toEqual([]);
});
