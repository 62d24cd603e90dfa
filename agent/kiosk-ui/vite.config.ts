// Builds the visitor's page as a handful of static files; nothing is loaded from elsewhere.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The build id is made of the sources, so that the same sources are the same build.
const hash = createHash('sha256');
for (const file of (readdirSync('src', { recursive: true }) as string[]).sort()) {
  if (/\.(ts|svelte|css)$/.test(file)) hash.update(readFileSync(`src/${file}`));
}

export default defineConfig({
  plugins: [svelte()],
  define: { __BUILD__: JSON.stringify(hash.digest('hex').slice(0, 12)) },
  build: {
    target: 'chrome123',
    modulePreload: { polyfill: false },
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
  },
});
