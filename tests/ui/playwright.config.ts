// Journeys against the real programs, in Debian's Chromium: no browser is downloaded.
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) throw new Error(`No browser at ${browser}; name one with CHROMIUM.`);

export default defineConfig({
  testDir: '.',
  globalSetup: './fleet.ts',
  // One fleet for all: a journey that changes a display must not meet another one there.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    headless: true,
    launchOptions: { executablePath: browser, args: ['--no-sandbox', '--disable-dev-shm-usage'] },
    screenshot: 'only-on-failure',
  },
});
