// Keyboard of the whole page. Keys without Ctrl can be switched off; nothing that changes a
// display hangs on a key.
import { settings } from '../stores/settings.svelte';
import { ui } from '../stores/ui.svelte';

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest('input, textarea, select, [contenteditable]');
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      ui.palette = !ui.palette;
      return;
    }
    if (!settings.shortcuts || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('#search');
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === '?') {
      event.preventDefault();
      ui.help = true;
    }
  });
}
