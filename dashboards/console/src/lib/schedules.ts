// The form of a scheduled order: what people choose becomes the plan of the API and back.
import type { Schedule, VerbInfo } from '../api/types';
import { build, fieldsOf } from './orders';

export interface ScheduleForm {
  name: string;
  how: 'cron' | 'at';
  cron: string;
  at: string;
  scope: 'all' | 'site' | 'label' | 'terminals';
  /** Site, part of a label, or displays. */
  which: string;
  verb: string;
  values: Record<string, string>;
  only_when: 'any' | 'open' | 'closed';
  grace: number;
}

/** A form with nothing chosen yet: every night at three, while the site is closed. */
export const EMPTY: ScheduleForm = {
  name: '', how: 'cron', cron: '0 3 * * *', at: '', scope: 'all', which: '', verb: '', values: {}, only_when: 'closed', grace: 60,
};

function scoped(terminals: Schedule['terminals']): Pick<ScheduleForm, 'scope' | 'which'> {
  if (Array.isArray(terminals)) return { scope: 'terminals', which: terminals.join(', ') };
  if (typeof terminals === 'string') return { scope: 'all', which: '' };
  return 'site' in terminals ? { scope: 'site', which: terminals.site } : { scope: 'label', which: terminals.label };
}

/** The form of a scheduled order. */
export function scheduleForm(schedule: Schedule, info?: VerbInfo): ScheduleForm {
  const order = schedule.order as unknown as Record<string, unknown>;
  const values: Record<string, string> = {};
  for (const field of fieldsOf(schedule.order.verb, info)) {
    const value = order[field.name];
    if (value !== undefined) values[field.name] = String(field.kind === 'minutes' ? Number(value) / 60 : value);
  }
  return {
    name: schedule.name,
    how: 'cron' in schedule.when ? 'cron' : 'at',
    cron: 'cron' in schedule.when ? schedule.when.cron : EMPTY.cron,
    at: 'at' in schedule.when ? schedule.when.at.slice(0, 16) : '',
    ...scoped(schedule.terminals),
    verb: schedule.order.verb,
    values,
    only_when: schedule.only_when ?? 'any',
    grace: schedule.grace_minutes ?? EMPTY.grace,
  };
}

/** The plan of a form, as it was chosen. */
export function plan(form: ScheduleForm, info?: VerbInfo): Record<string, unknown> {
  const terminals = { all: 'all', site: { site: form.which }, label: { label: form.which.trim() }, terminals: form.which.split(/[\s,]+/).filter(Boolean) };
  return {
    name: form.name.trim(),
    when: form.how === 'cron' ? { cron: form.cron.trim() } : { at: form.at },
    terminals: terminals[form.scope],
    order: build(form.verb, form.values, info),
    only_when: form.only_when,
    grace_minutes: form.grace,
  };
}
