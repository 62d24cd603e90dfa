// The shape of a line of the timeline. Its words, and what it means, are the controller's.
import type { TimelineItem } from '../api/types';

/** Reasons that say "not known" and not "not well". */
const NOT_KNOWN = new Set(['unknown', 'starting', 'unsupported']);

/** The name of the icon and color of a line. */
export function look(item: Pick<TimelineItem, 'kind' | 'code'>): string {
  switch (item.kind) {
    case 'presence':
    case 'verdict':
    case 'command':
      return item.code;
    case 'health': {
      const reason = item.code.split(':').at(-1) ?? '';
      return reason === 'ok' ? 'ok' : NOT_KNOWN.has(reason) ? 'unknown' : 'warning';
    }
    case 'away':
      return 'turn';
    case 'refusal':
      return 'fault';
    default:
      return 'person';
  }
}
