// Words about rollouts that several parts of the pages say.
import type { Who } from '../../api/content';
import { t } from '../../lib/i18n.svelte';
import { left } from '../../lib/units';
import { fleet } from '../../stores/fleet.svelte';

/** Which displays a wave takes. */
export function whoWords(who: Who): string {
  if (who === 'rest') return t('who-rest');
  if ('count' in who) return t('who-count', { n: who.count });
  if ('percent' in who) return t('who-percent', { n: who.percent });
  if ('site' in who) return t('who-site', { name: fleet.siteName(who.site) });
  if ('label' in who) return t('who-label', { name: who.label });
  return who.terminals.join(', ');
}

/** So many seconds, in the unit that people use. */
export function duration(seconds: number): string {
  const { unit, count } = left(seconds);
  return t(`duration-${unit}`, { n: count });
}
