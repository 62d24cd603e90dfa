// A guide's page as nodes: only what a guide may consist of is taken over, whatever the file says. The
// release's builder writes nothing else; this holds also for a release that was built by another.
import { KINDS, type Item, type Kind } from './types';

const ELEMENTS = new Set(
  'p h1 h2 h3 h4 h5 h6 ul ol li em strong a img br hr blockquote code pre table thead tbody tr th td del'.split(' '),
);
/** What is left out with everything in it; of all else the words stay. */
const DROPPED = new Set('script style template iframe object embed svg math noscript textarea select form'.split(' '));

/** Where a link of a guide leads: `#kind/id`. */
export function linked(href: string | null): Item | null {
  const [, kind, id] = /^#([a-z]+)\/([a-z][a-z0-9-]*)$/.exec(href ?? '') ?? [];
  return kind && id && (KINDS as readonly string[]).includes(kind) ? { kind: kind as Kind, id } : null;
}

/** Whether a picture lies in the release. */
export function isWithin(path: string): boolean {
  return path !== '' && !/[:\\?#%\0]/.test(path) && path.split('/').every((step) => !['', '.', '..'].includes(step));
}

function take(from: Node, into: Node, base: string): void {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      into.appendChild(document.createTextNode(node.textContent ?? ''));
      continue;
    }
    if (!(node instanceof Element)) continue;
    const name = node.localName;
    if (DROPPED.has(name)) continue;
    if (!ELEMENTS.has(name)) {
      take(node, into, base);
      continue;
    }
    const made = document.createElement(name);
    if (name === 'img') {
      const src = node.getAttribute('src') ?? '';
      if (!isWithin(src)) continue;
      made.setAttribute('src', base + src.split('/').map(encodeURIComponent).join('/'));
      made.setAttribute('alt', node.getAttribute('alt') ?? '');
      made.setAttribute('loading', 'lazy');
    }
    if (name === 'a') {
      const item = linked(node.getAttribute('href'));
      if (item) made.setAttribute('href', `#${item.kind}/${item.id}`);
    }
    if (name === 'ol' && /^\d{1,4}$/.test(node.getAttribute('start') ?? '')) {
      made.setAttribute('start', node.getAttribute('start')!);
    }
    take(node, made, base);
    into.appendChild(made);
  }
}

/** The nodes of a page. `base` is where the release's files are, with a slash at its end. */
export function safeNodes(html: string, base: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const made = document.createDocumentFragment();
  take(parsed.body, made, base);
  return made;
}
