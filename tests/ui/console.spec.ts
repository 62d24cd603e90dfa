// The console against the real controller: what IT staff do on a usual day.
import { expect, test } from '@playwright/test';
import { fleet } from './fleet';
import { isAccessible, signIn } from './sign_in';

test('nobody sees the fleet without signing in', async ({ page, request }) => {
  await page.goto(fleet().console);
  await expect(page.locator('#password')).toBeVisible();
  await isAccessible(page);
  expect((await request.get(`${fleet().console}/api/v1/fleet`)).status()).toBe(401);
});

test('both displays stand on the overview, and the page is accessible', async ({ page }) => {
  await signIn(page);
  await expect(page.getByTestId('terminal-fp-01')).toBeVisible();
  await expect(page.getByTestId('terminal-fp-02')).toBeVisible();
  await isAccessible(page);
});

test('a display without paper says why and what to do, and is well again with paper', async ({ page, request }) => {
  const [printer] = fleet().printers;
  const trays =
    'size1=iso_a4_210x297mm&type1=stationery&size2=na_index-4x6_4x6in&type2=photographic-glossy&level2=-2';
  await signIn(page);
  await page.goto(`${fleet().console}/terminals/fp-01`);
  await request.get(`http://localhost:${printer}/media?${trays}&level1=0`);
  await expect(page.getByText(/paper/i).first()).toBeVisible();
  await isAccessible(page);
  // Four times as large on a usual screen (WCAG 1.4.10), with a real printer's names.
  await page.setViewportSize({ width: 320, height: 700 });
  await expect(page.getByText('Ink Waste Tank')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await request.get(`http://localhost:${printer}/media?${trays}&level1=250`);
});

test('an order is done by the display\'s word, and its whole life stands in the timeline', async ({ page }) => {
  await signIn(page);
  await page.goto(`${fleet().console}/terminals/fp-02`);
  await page.getByRole('button', { name: 'Give order' }).click();
  await page.locator('#verb').selectOption('identify');
  await page.getByRole('button', { name: 'Continue to preview' }).click();
  await expect(page.getByTestId('order-argument')).toHaveText('for 30 seconds');
  await page.getByTestId('order-confirm').click();
  await page.locator('dialog [data-state=succeeded]').waitFor();
  await page.keyboard.press('Escape');
  const timeline = page.getByTestId('timeline');
  for (const line of ['ordered', 'accepted by the display', 'confirmed by the display']) {
    await expect(timeline.getByText(`Show the identity: ${line}`)).toBeVisible();
  }
  await expect(timeline.getByText('Enrollment with a one-time token')).toBeVisible();
  await expect(timeline.locator('[data-kind=presence]').first()).toContainText('Connected');
  await isAccessible(page);
});

test('a calendar is changed at its fields, and an order is scheduled by it', async ({ page }) => {
  await signIn(page);
  await page.goto(`${fleet().console}/calendar?month=2026-12`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByText('Opening hours are known').click();
  await page.locator('#hours-monday').fill('8-12');
  await page.locator('#window-restart').selectOption('recurring');
  await page.locator('#window-restart-cron').fill('0 0 31 2 *');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('#hours-monday-wrong')).toContainText('"8-12" is not a span');
  await expect(page.locator('#window-restart-wrong')).toContainText('the window restart never opens');
  await isAccessible(page);
  await page.locator('#hours-monday').fill('08:00-12:00');
  await page.locator('#window-restart-cron').fill('0 3 * * *');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Changed on the console by')).toBeVisible();
  await expect(page.locator('[data-date="2026-12-21"]')).toContainText('08:00–12:00');
  await expect(page.locator('[data-date="2026-12-25"]')).toContainText('Christmas Day');
  await isAccessible(page);
  await page.goto(`${fleet().console}/schedules`);
  await page.getByRole('button', { name: 'Schedule an order' }).click();
  await page.locator('#schedule-name').fill('Nightly');
  await page.locator('#schedule-verb').selectOption('restart_page');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: 'Nightly' })).toBeVisible();
  await expect(page.getByTestId('schedule')).toContainText('only outside of opening hours');
  await isAccessible(page);
});
