// What is open and chosen on this page: selection, dialogs, what was said to the reader last.
import { SvelteSet } from 'svelte/reactivity';

export interface OrderRequest {
  terminals: string[];
  /** Already chosen verb, for example from the palette. */
  verb?: string;
  order?: Record<string, unknown>;
}

class Ui {
  selection = new SvelteSet<string>();
  order = $state.raw<OrderRequest | null>(null);
  palette = $state(false);
  help = $state(false);
  /** Read out by screen readers. */
  said = $state('');

  say(text: string): void {
    this.said = '';
    // An equal text twice is still read twice.
    queueMicrotask(() => (this.said = text));
  }

  toggle(id: string): void {
    if (!this.selection.delete(id)) this.selection.add(id);
  }
}

export const ui = new Ui();
