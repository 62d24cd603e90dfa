// Walks the built console on the mock API in Chromium: axe on every view in both themes and
// languages, the journeys that matter most, and a picture of each view in e2e/out.
// `npm run build && npm run e2e`; CHROMIUM names the browser.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browserPath)) {
  console.log(`No browser at ${browserPath}: skipped. Set CHROMIUM to its path.`);
  process.exit(0);
}
const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const out = new URL('./out/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

process.env.MOCK_FROZEN ??= '1';
const server = await preview({ preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
const base = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
const failures = [];
const check = (ok, sentence) => {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${sentence}`);
  if (!ok) failures.push(sentence);
};

async function open({ theme = 'light', language = 'de', width = 1440, height = 900, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, ...more });
  await context.addInitScript((lang) => localStorage.setItem('migrado-console', JSON.stringify({ language: lang })), language);
  const page = await context.newPage();
  page.on('console', (m) => {
    if (m.type() === 'error' && !/Failed to load resource|ERR_/.test(m.text())) failures.push(`console: ${m.text()}`);
  });
  page.on('pageerror', (error) => failures.push(`page: ${error.message}`));
  await page.goto(base);
  return page;
}
async function signIn(page, name = 'admin') {
  await page.locator('#name').fill(name);
  await page.locator('#password').fill('demo');
  await page.locator('button.primary').click();
  await page.getByTestId('stream-state').or(page.locator('.wall')).first().waitFor();
}
async function audit(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  for (const v of violations) console.log('    ', v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join('\n       '));
  check(violations.length === 0, `axe finds nothing on ${name}`);
}
async function look(page, name, fullPage = false) {
  await page.screenshot({ path: `${out}${name}.png`, fullPage });
}
const ready = (page, id) => page.getByTestId(id).first().waitFor();

const VIEWS = [
  ['overview', '/', 'terminal-fp-02'],
  ['table', '/?view=table', 'row-fp-02'],
  ['terminal', '/terminals/fp-02', 'printer-main'],
  ['content', '/content', 'matrix'],
  ['rollouts', '/rollouts', 'rollout'],
  ['rollout', '/rollouts/0193-running', 'wave'],
  ['updating', '/terminals/fp-03', 'download'],
  ['taken-back', '/terminals/fp-04', 'update-waits'],
  ['orders', '/orders', 'command'],
  ['schedules', '/schedules', 'schedule'],
  ['calendar', '/calendar?month=2026-12&window=activate', 'month'],
  ['audit', '/audit', 'audit'],
  ['access', '/access', 'tokens'],
  ['settings', '/settings', 'stream-state'],
  ['wall', '/?wall=1', 'terminal-fp-02'],
];

for (const [theme, language, width] of [['light', 'de', 1440], ['dark', 'en', 1440], ['light', 'en', 390], ['dark', 'de', 390]]) {
  const page = await open({ theme, language, width, height: width === 390 ? 844 : 900 });
  await page.locator('#name').waitFor();
  await audit(page, `login ${theme} ${language} ${width}`);
  await look(page, `login-${theme}-${width}`);
  await signIn(page);
  for (const [name, path, id] of VIEWS) {
    await page.goto(base + path);
    await ready(page, id);
    await audit(page, `${name} ${theme} ${language} ${width}`);
    await look(page, `${name}-${theme}-${language}-${width}`, true);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    check(!wide, `${name} does not scroll sideways at ${width}`);
  }
  await page.context().close();
}

{
  // 320 pixels are 400 % of a usual screen (WCAG 1.4.10).
  const page = await open({ width: 320, height: 700 });
  await signIn(page);
  for (const [name, path, id] of VIEWS) {
    await page.goto(base + path);
    await ready(page, id);
    check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} reflows at 320`);
  }
  await page.context().close();
}

{
  const page = await open();
  await signIn(page);
  await page.getByTestId('tile-warning').click();
  await page.waitForURL(/status=warning/);
  check((await page.locator('article').count()) === (await page.locator('article[data-status=warning]').count()), 'a tile filters and is in the address');
  await page.goto(`${base}/terminals/fp-01`);
  await ready(page, 'queue');
  await page.getByRole('button', { name: 'Auftrag erteilen' }).click();
  await page.locator('#verb').selectOption('reboot');
  await page.getByRole('button', { name: 'Weiter zur Vorschau' }).click();
  await page.getByTestId('order-confirm').waitFor();
  await audit(page, 'the preview of an order');
  await look(page, 'order-preview');
  check(await page.getByText('Eine Person sitzt gerade davor.').isVisible(), 'the preview names the people in front');
  await page.getByText('Nicht warten, sofort ausführen').click();
  await page.locator('#force-reason').fill('Anzeige eingefroren');
  await page.getByTestId('order-confirm').click();
  await page.getByTestId('order-progress').waitFor();
  const item = page.locator('dialog [data-testid=command]');
  check((await item.getAttribute('data-state')) !== 'succeeded', 'an order is not shown as done before its word');
  await look(page, 'order-follow');
  await audit(page, 'the progress of an order');
  await page.locator('dialog [data-state=succeeded]').waitFor({ timeout: 15_000 });
  check(true, 'an order is done by the word of its display');
  await page.getByRole('button', { name: 'Schließen' }).last().click();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('bh-04');
  await audit(page, 'the palette');
  await look(page, 'palette');
  await page.keyboard.press('Enter');
  await page.waitForURL(/terminals\/bh-04/);
  check(true, 'the palette leads to a display');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await audit(page, 'help');
  await look(page, 'help');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Anmelden …' }).click();
  await page.getByRole('button', { name: 'Einmalcode erzeugen' }).click();
  await ready(page, 'enroll-command');
  await audit(page, 'enrolment');
  await look(page, 'enroll');
  await page.context().close();
}

{
  const page = await open();
  await signIn(page);
  await page.goto(`${base}/calendar?month=2026-12`);
  await ready(page, 'month');
  const day = (date) => page.locator(`[data-date="${date}"]`);
  await day('2026-12-25').getByText('Feiertag').waitFor();
  check(/Feiertag[^]*1. Weihnachtstag[^]*geschlossen/.test(await day('2026-12-25').innerText()), 'a holiday says its name and that the site is closed');
  check((await day('2026-12-23').innerText()).includes('08:00–12:00'), 'a usual day shows its hours');
  await page.getByRole('button', { name: 'Nächster Monat' }).click();
  await page.waitForURL(/month=2027-01/);
  await day('2027-01-01').waitFor();
  check((await day('2027-01-01').innerText()).includes('Neujahr'), 'the next month is in the address and on the page');
  await page.getByRole('button', { name: 'Bearbeiten' }).click();
  await page.locator('#hours-tuesday').fill('8-12');
  await audit(page, 'the form of a calendar');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.locator('#hours-tuesday-wrong').waitFor();
  check((await page.locator('#hours-tuesday').getAttribute('aria-invalid')) === 'true', 'a mistake is told at its field');
  await audit(page, 'the mistakes of a calendar');
  await look(page, 'calendar-mistakes');
  await page.locator('#hours-tuesday').fill('08:00-12:00, 13:00-16:00');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByText('Auf der Konsole geändert von admin').waitFor();
  await day('2027-01-05').getByText('13:00–16:00').waitFor();
  check(true, 'a changed calendar is shown, and that it is the console’s');
  await page.goto(`${base}/schedules`);
  await ready(page, 'schedule');
  check(await page.locator('.s-failed').first().isVisible(), 'the last run shows what came of its orders');
  await page.getByText('Letzte Läufe').first().click();
  await page.getByText('die Nachholzeit war um').waitFor();
  check(true, 'a skipped run says why');
  await page.getByRole('button', { name: 'Auftrag planen' }).click();
  await page.locator('#schedule-name').fill('Feierabend');
  await page.locator('#schedule-verb').selectOption('reload_page');
  await page.locator('#schedule-cron').fill('soon');
  await audit(page, 'the form of a scheduled order');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.locator('#schedule-when-wrong').waitFor();
  await page.locator('#schedule-cron').fill('0 20 * * *');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByRole('heading', { name: 'Feierabend' }).waitFor();
  check(true, 'an order is scheduled, after its mistake was told');
  await page.getByRole('button', { name: 'Anhalten: Feierabend' }).click();
  await page.getByRole('button', { name: 'Fortsetzen: Feierabend' }).waitFor();
  await look(page, 'schedules');
  await page.context().close();
}

{
  const page = await open();
  await signIn(page);
  await page.goto(`${base}/rollouts/0192-approval`);
  await ready(page, 'rollout-head');
  check(await page.getByRole('button', { name: 'Freigeben' }).isDisabled(), 'who made a rollout cannot approve it');
  await page.goto(`${base}/rollouts/0193-running`);
  await ready(page, 'wave');
  const row = page.locator('[data-terminal=fp-05]');
  check(/Wartet auf einen Besucher. Seit \d\d:\d\d, spätestens \d\d:\d\d/.test(await row.innerText()), 'a wait says since when and until when');
  const bar = page.locator('[data-terminal=bh-04]').getByRole('progressbar');
  check(/5 %, 614 KiB von 11 MiB · 8 KiB\/s · noch 23 Minuten/.test((await bar.getAttribute('aria-valuetext')) ?? ''), 'a download says how far, how fast and how long');
  await page.getByRole('button', { name: 'Zurücknehmen' }).click();
  await audit(page, 'the question before a rollout is taken back');
  check((await page.getByRole('dialog').innerText()).includes('7 Terminals'), 'the question counts the displays that go back');
  await look(page, 'rollout-back');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Anhalten' }).focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('rollout-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('rollout-head').and(page.locator('[data-state=paused]')).waitFor();
  check(true, 'a rollout is paused by keys alone');
  await page.goto(`${base}/rollouts?new=1`);
  await page.locator('#wave-0-kind').selectOption('label');
  await page.getByLabel('Merkmal', { exact: true }).fill('x');
  await audit(page, 'the form of a rollout');
  await page.getByRole('button', { name: 'Weiter zum Plan' }).click();
  await page.locator('#wave-0-who-wrong').waitFor();
  await page.locator('#wave-0-kind').selectOption('count');
  await page.getByRole('button', { name: 'Weiter zum Plan' }).click();
  await ready(page, 'plan-out');
  await audit(page, 'the plan of a rollout');
  await look(page, 'rollout-plan');
  await page.getByTestId('rollout-start').click();
  await page.waitForURL(/rollouts\/0194-/);
  check(true, 'a rollout is started after its plan was seen');
  await page.goto(`${base}/content`);
  await ready(page, 'matrix');
  const withdrawn = page.locator('[data-release="2026-11-12.1"]');
  check((await withdrawn.innerText()).includes('Auf 13 von 14 Terminals nicht mehr in Betrieb'), 'a withdrawn release says where it still is');
  check((await page.getByTestId('recall').innerText()).includes('Nachgewiesen auf 12 von 14'), 'a recall says how far it is proven');
  check((await page.getByTestId('edition').first().getAttribute('data-validity')) === 'expired', 'what is handed out and should not be comes first');
  await page.getByText('Nur Lücken').click();
  check((await page.getByTestId('matrix').getByRole('rowheader', { name: /Startseite/ }).count()) === 0, 'the matrix shows gaps alone');
  await page.context().close();
}

{
  const page = await open();
  await signIn(page, 'empfang');
  await page.goto(`${base}/rollouts/0193-running`);
  await ready(page, 'wave');
  check((await page.getByTestId('rollout-actions').count()) === 0, 'who may only look is offered no order to a rollout');
  await page.goto(`${base}/rollouts?new=1`);
  await ready(page, 'rollout');
  check((await page.getByRole('dialog').count()) === 0, 'nor the form of one, whatever the address says');
  await page.goto(`${base}/content`);
  await ready(page, 'edition');
  check((await page.getByRole('button', { name: /^Zurückrufen/ }).count()) === 0, 'nor a recall');
  await page.context().close();
}

{
  const page = await open({ theme: 'dark' });
  await signIn(page);
  const second = await page.context().newPage();
  await second.goto(base);
  await second.locator('.s-live').waitFor();
  await fetch(`${base}/mock/line`, { method: 'POST', body: '{"cut":true}' });
  await page.getByTestId('stream-banner').waitFor();
  await second.getByTestId('stream-banner').waitFor();
  check(true, 'both tabs say that the line is cut');
  await audit(page, 'the overview while the line is cut');
  await look(page, 'cut-dark');
  await fetch(`${base}/mock/line`, { method: 'POST', body: '{"cut":false}' });
  await page.getByTestId('stream-banner').waitFor({ state: 'detached', timeout: 20_000 });
  await second.getByTestId('stream-banner').waitFor({ state: 'detached', timeout: 20_000 });
  check(true, 'both tabs come back by themselves');
  await page.context().close();
}

{
  const page = await open({ forcedColors: 'active', reducedMotion: 'reduce' });
  await signIn(page);
  await ready(page, 'terminal-fp-02');
  const beat = page.getByTestId('heartbeat').first();
  await beat.focus();
  const before = await beat.getAttribute('aria-valuetext');
  await page.keyboard.press('ArrowLeft');
  check(before !== (await beat.getAttribute('aria-valuetext')), 'arrow keys walk the heartbeat');
  await look(page, 'forced-colors');
  await page.context().close();
}

await browser.close();
await server.close();
if (failures.length) {
  console.error(`\n${failures.length} failures:\n${failures.join('\n')}`);
  process.exit(1);
}
process.exit(0);
