// The visitor's page over the sample content, as `migradoctl content preview` serves it.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

const ROOT = join(import.meta.dirname, '../..');
let preview: ChildProcess;
let base = '';

test.beforeAll(async () => {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
  const words = ['content', 'preview', 'config/content', '--port', '0', '--today', '2026-11-25'];
  preview = spawn(join(target, 'debug/migradoctl'), words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  base = await new Promise<string>((resolve) => {
    createInterface({ input: preview.stdout! }).on('line', (line) => line.startsWith('http') && resolve(line));
  });
});
test.afterAll(() => void preview.kill('SIGINT'));
test.afterEach(async ({ request }) => void (await request.delete(`${base}api/session`)));

async function begin(page: Page, name: string): Promise<void> {
  await page.goto(base);
  await page.getByRole('button', { name, exact: true }).click();
  await page.locator('[data-item]').first().waitFor();
}

async function isAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`)).toEqual([]);
}

test('the home page shows the release, and the heartbeat says so', async ({ page }) => {
  const said = page.waitForRequest((r) => r.url().endsWith('/api/heartbeat') && r.postDataJSON().release === '1');
  await begin(page, 'Deutsch');
  await said;
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Willkommen');
  await isAccessible(page);
  await page.screenshot({ path: 'test-results/home.png', fullPage: true });
});

test('a guide in Arabic runs from right to left and has its pictures', async ({ page }) => {
  await begin(page, 'العربية');
  await page.locator('[data-item="guide/erste-schritte"]').first().click();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  const picture = page.locator('.prose img').first();
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
  await isAccessible(page);
  await page.screenshot({ path: 'test-results/guide-ar.png' });
});

test('a video plays with captions', async ({ page }) => {
  await begin(page, 'English');
  await page.locator('[data-item="video/anzeige-bedienen"]').first().click();
  await page.getByRole('button', { name: 'Play' }).click();
  const video = page.locator('video');
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(0.3);
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.textTracks[0]?.cues?.length ?? 0)).toBeGreaterThan(0);
  await isAccessible(page);
});

test('a form says what it is, and that a preview prints nothing; 320 px are enough', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await begin(page, 'Deutsch');
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  expect(await fits()).toBe(true);
  await page.locator('[data-item="form/wohnberechtigungsschein"]').first().click();
  await expect(page.getByText('Gültig bis')).toBeVisible();
  await page.getByRole('button', { name: 'Drucken' }).click();
  await expect(page.getByText('nothing is printed')).toBeVisible();
  expect(await fits()).toBe(true);
  await isAccessible(page);
  await page.screenshot({ path: 'test-results/form.png', fullPage: true });
});
