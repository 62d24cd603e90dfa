// Builds the console as static files. `npm run dev` and `npm run preview` answer /api themselves
// from mocks/, or pass it on to a real controller: MIGRADO_API=https://localhost:8443 npm run dev
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { mockApi } from './mocks/plugin.ts';

const controller = process.env['MIGRADO_API'];
const proxy = controller
  ? { '/api': { target: controller, changeOrigin: true, secure: false } }
  : undefined;

export default defineConfig({
  plugins: [svelte(), ...(controller ? [] : [mockApi()])],
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
  },
  server: { proxy },
  preview: { proxy },
});
