// Proves that a release can be drawn: draws its home once, unseen, and looks whether something of it is
// there. What the agent is told of a release is what was seen here.
import { mount, tick, unmount } from 'svelte';
import Home from '../pages/Home.svelte';
import { reader, type Loaded } from './load';

/** How long the fonts may take. */
const FONTS_MS = 5_000;

export async function prove(loaded: Loaded): Promise<void> {
  const target = document.createElement('div');
  target.className = 'proof';
  target.inert = true;
  target.setAttribute('aria-hidden', 'true');
  document.body.append(target);
  const at = reader(loaded, loaded.release.reference);
  let drawn: Record<string, unknown> | undefined;
  try {
    drawn = mount(Home, { target, props: { at, open: () => {}, list: () => {} } });
    await tick();
    await Promise.race([document.fonts.ready, new Promise((resolve) => setTimeout(resolve, FONTS_MS))]);
    const items = [...target.querySelectorAll('[data-item]')];
    if (!items.some((item) => item.getBoundingClientRect().height > 0)) throw new Error('the home page shows no item');
  } finally {
    if (drawn) void unmount(drawn);
    target.remove();
  }
}
