// Which rows of a long list exist in the document: the visible ones and a few around them.

export interface Rows {
  first: number;
  last: number;
}

/**
 * Rows `first` up to before `last` for a list whose top edge is `above` pixels over the view.
 * A list below the view still has its first rows, so that it is never found empty.
 */
export function visibleRows(total: number, rowPx: number, above: number, viewPx: number, spare = 8): Rows {
  const first = Math.max(0, Math.floor(above / rowPx) - spare);
  const last = Math.min(total, Math.max(2 * spare, Math.ceil((above + viewPx) / rowPx) + spare));
  return { first: Math.min(first, Math.max(0, last - 2 * spare)), last };
}
