// Content and rollouts against the real controller and its displays: what is live where, a recall that
// is proven, a release that is rolled out, looked at between the waves, and taken back.
import { expect, type Page, test } from '@playwright/test';
import { fleet, publish } from './fleet';
import { isAccessible, signIn } from './sign_in';

/** A display fetches, switches and watches within this time. Visitors are played at random, and a visit is
 * rehearsed between theirs: until then a display is watched, and its site spares no other one. */
const ROLLOUT_MS = 300_000;

/** A visitor of the API with the session of the page. */
async function post(page: Page, path: string, body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; data: Record<string, never> }> {
  return page.evaluate(
    async ([to, sent, more]) => {
      const session = (await (await fetch('/api/v1/session')).json()) as { csrf_token: string };
      const answer = await fetch(`/api/v1${to}`, {
        method: 'POST', body: JSON.stringify(sent), headers: { 'content-type': 'application/json', 'x-csrf-token': session.csrf_token, ...more },
      });
      return { status: answer.status, data: (await answer.json()) as Record<string, never> };
    },
    [path, body, headers] as const,
  );
}

async function fitsAt(page: Page, width: number): Promise<void> {
  const before = page.viewportSize() ?? { width: 1280, height: 720 };
  await page.setViewportSize({ width, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await page.setViewportSize(before);
}

/** Waits without a visitor, and watches no longer than it must. */
async function hurry(page: Page): Promise<void> {
  for (const fields of await page.getByTestId('wave-fields').all()) {
    await fields.getByLabel('Minutes that it is watched').fill('0.05');
  }
  await page.getByText('Start, limits and exceptions').click();
  await page.getByLabel('Minutes it waits for a visitor at most').fill('0');
  await page.getByText('The only display of its kind at a site may be away').click();
}

test('the page of content says what is live where, in which language and how long it is valid', async ({ page }) => {
  test.setTimeout(2 * ROLLOUT_MS);
  await signIn(page);
  await page.getByRole('navigation').getByRole('link', { name: 'Content' }).click();
  const newest = page.getByTestId('release').first();
  await expect(newest).toContainText('Sample content');
  await expect(newest).toContainText('2 of 2 in service', { timeout: ROLLOUT_MS });
  const edition = page.getByTestId('edition').first();
  await expect(edition).toContainText('Handed out at 2 displays: fp-01, fp-02');
  await expect(edition).toHaveAttribute('data-validity', /valid|ends_soon|expired|not_yet/);
  const matrix = page.getByTestId('matrix');
  await expect(matrix.getByRole('row', { name: /Guide/ }).first().locator('td[data-cell=checked]').first()).toBeVisible();
  await expect(matrix.getByRole('columnheader', { name: 'ar' })).toBeVisible();
  const all = await matrix.getByRole('row').count();
  await matrix.getByText('Gaps only').click();
  expect(await matrix.getByRole('row').count()).toBeLessThanOrEqual(all);
  await isAccessible(page);
  await fitsAt(page, 390);
  await page.emulateMedia({ colorScheme: 'dark' });
  await isAccessible(page);
});

test('a recall is proven by every display, and taken back', async ({ page }) => {
  await signIn(page, 'de');
  await page.goto(`${fleet().console}/content`);
  const edition = page.getByTestId('edition').first();
  const form = (await edition.getAttribute('data-form')) ?? '';
  await edition.getByRole('button', { name: 'Zurückrufen' }).click();
  await page.locator('#recall-reason').fill('Falsche Gebühr');
  await isAccessible(page);
  await page.getByTestId('recall-confirm').click();
  const recall = page.getByTestId('recall').first();
  await expect(recall).toContainText('Nachgewiesen auf 2 von 2');
  await expect(page.locator(`[data-testid=edition][data-form="${form}"]`).first()).toHaveAttribute('data-validity', 'recalled');
  await recall.getByText('Nachweise').click();
  await expect(recall.getByText('fp-01: befolgt seit')).toBeVisible();
  await isAccessible(page);
  await recall.getByRole('button', { name: 'Rückruf aufheben' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rückruf aufheben' }).click();
  await expect(page.getByTestId('recall')).toHaveCount(0);
});

test('a rollout is planned, paused between its waves, goes on, and is taken back', async ({ page }) => {
  test.setTimeout(3 * ROLLOUT_MS);
  const release = publish('Appointments on Saturday');
  await signIn(page);
  await page.goto(`${fleet().console}/content`);
  await page.getByRole('link', { name: `Roll out …: ${release}` }).click();
  await expect(page.locator('#rollout-release')).toHaveValue(release);
  await page.locator('#rollout-title').fill('Saturdays');
  await page.getByRole('button', { name: 'Remove wave 2' }).click();
  await page.locator('#wave-1-kind').selectOption('label');
  await page.getByLabel('label', { exact: true }).fill('nowhere');
  await hurry(page);
  await page.getByTestId('wave-fields').first().getByText('A person lets the next wave begin').click();
  await isAccessible(page);
  await page.getByRole('button', { name: 'Continue to the plan' }).click();
  await expect(page.locator('#wave-1-who-wrong')).toContainText('there is no label "nowhere"');
  await page.locator('#wave-1-kind').selectOption('rest');
  await page.getByRole('button', { name: 'Continue to the plan' }).click();
  await expect(page.getByTestId('plan-wave')).toHaveCount(2);
  await expect(page.getByTestId('plan-wave').first()).toContainText('one display');
  await isAccessible(page);
  await page.getByRole('button', { name: 'Start for 2 displays' }).click();
  const head = page.getByTestId('rollout-head');
  await expect(head.getByRole('heading', { name: 'Saturdays' })).toBeVisible();
  await expect(head).toHaveAttribute('data-state', 'paused', { timeout: ROLLOUT_MS });
  await expect(head).toContainText('is through; somebody is to look');
  const waves = page.getByTestId('wave');
  await expect(waves.first()).toContainText('1 of 1 confirmed');
  await expect(waves.nth(1)).toContainText('0 of 1 confirmed');
  await isAccessible(page);
  await fitsAt(page, 390);
  await head.getByRole('button', { name: 'Go on' }).click();
  await page.getByTestId('rollout-confirm').click();
  await expect(head).toHaveAttribute('data-state', 'completed', { timeout: ROLLOUT_MS });
  await expect(waves.nth(1).locator('[data-testid=rollout-display]')).toHaveAttribute('data-state', 'confirmed');
  const second = (await waves.nth(1).locator('[data-testid=rollout-display]').getAttribute('data-terminal')) ?? '';
  await page.goto(`${fleet().console}/terminals/${second}`);
  await expect(page.getByTestId('content-active')).toContainText(release);
  await expect(page.getByTestId('update')).toHaveAttribute('data-state', 'confirmed');
  await isAccessible(page);
  await page.goto(`${fleet().console}/rollouts`);
  await isAccessible(page);
  await page.getByRole('link', { name: 'Saturdays' }).click();
  await head.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByRole('dialog')).toContainText('2 displays that have');
  await page.keyboard.press('Escape');
  await expect(head).toHaveAttribute('data-state', 'completed');
  await head.getByRole('button', { name: 'Take back' }).click();
  await page.getByTestId('rollout-confirm').click();
  await expect(head).toHaveAttribute('data-state', 'rolled_back', { timeout: ROLLOUT_MS });
  await expect(head).toContainText('By admin.');
});

test('what somebody else did meanwhile is shown before a rollout is started', async ({ page }) => {
  await signIn(page);
  const release = publish('Said twice');
  const made = await post(page, '/rollouts', { title: 'Twice', release, waves: [{ who: 'rest', observe_s: 0, pause_after: true }], start_ms: Date.now() + 3_600_000, allow_single: true });
  expect(made.status).toBe(201);
  const { id, revision } = made.data as unknown as { id: string; revision: number };
  await page.goto(`${fleet().console}/rollouts/${id}`);
  const head = page.getByTestId('rollout-head');
  await expect(head).toHaveAttribute('data-state', 'draft');
  await head.getByRole('button', { name: 'Start' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Who takes part is decided now');
  const started = await post(page, `/rollouts/${id}/start`, {}, { 'if-match': `"${revision}"` });
  expect(started.status).toBe(200);
  await page.getByTestId('rollout-confirm').click();
  await expect(dialog.getByRole('alert')).toContainText('Somebody else has changed something meanwhile');
  await expect(dialog).toContainText('Scheduled');
  await isAccessible(page);
  await page.keyboard.press('Escape');
  await head.getByRole('button', { name: 'End' }).click();
  await page.getByTestId('rollout-confirm').click();
  await expect(head).toHaveAttribute('data-state', 'canceled');
});
