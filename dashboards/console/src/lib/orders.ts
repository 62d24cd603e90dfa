// What an order needs from the person who gives it. The verbs, their words and effects are the
// controller's; here is only which fields a verb has and what it starts with.

import type { Text, VerbInfo } from '../api/types';

export type Kind = 'unit' | 'seconds' | 'minutes' | 'reason' | 'number' | 'text';
export interface ArgumentField {
  name: string;
  kind: Kind;
  initial: string;
  min?: number;
  max?: number;
  /** The controller's own words, for an argument that this page does not know. */
  text?: Text;
}

const FIELDS: Record<string, ArgumentField[]> = {
  restart_service: [{ name: 'unit', kind: 'unit', initial: '' }],
  identify: [{ name: 'seconds', kind: 'seconds', initial: '30', min: 1, max: 300 }],
  set_out_of_service: [{ name: 'reason', kind: 'reason', initial: '' }],
  collect_logs: [{ name: 'since_s', kind: 'minutes', initial: '30', min: 1, max: 10_080 }],
};

/** Verbs in the order in which people look for them: harmless first, the gravest last. */
const ORDER = [
  'identify', 'report_now', 'test_print', 'collect_logs', 'reload_page', 'reset_session', 'restart_page',
  'clear_print_queue', 'restart_service', 'restart_agent', 'set_out_of_service', 'set_in_service', 'reboot',
];
/** Their confirmation is shown as dangerous: a display or its jobs are gone for a while. */
const GRAVE = ['reboot', 'restart_agent', 'restart_page', 'clear_print_queue', 'set_out_of_service'];
/** Offered in the palette: nobody in front of a display notices more than a name on its screen. */
export const SAFE = ['identify', 'report_now'];

/** The fields of a verb; one of a newer controller is asked for as its catalog says. */
export function fieldsOf(verb: string, info?: VerbInfo): ArgumentField[] {
  return (
    FIELDS[verb] ??
    (info?.arguments ?? []).map((argument) => ({
      name: argument.name,
      kind: argument.type === 'number' ? 'number' : 'text',
      initial: argument.default === null || argument.default === undefined ? '' : String(argument.default),
      ...(typeof argument.min === 'number' ? { min: argument.min } : {}),
      max: argument.max,
      text: argument.text,
    }))
  );
}
export function grave(verb: string): boolean {
  return GRAVE.includes(verb);
}
export function inOrder<T extends { verb: string }>(verbs: T[]): T[] {
  const at = (verb: string) => (ORDER.includes(verb) ? ORDER.indexOf(verb) : ORDER.length);
  return [...verbs].sort((a, b) => at(a.verb) - at(b.verb));
}

/** The order on the wire. Minutes for people are seconds on the wire. */
export function build(verb: string, values: Record<string, string>, info?: VerbInfo): { verb: string } & Record<string, unknown> {
  const order: { verb: string } & Record<string, unknown> = { verb };
  for (const field of fieldsOf(verb, info)) {
    const value = values[field.name] ?? field.initial;
    if (field.kind === 'seconds' || field.kind === 'number') order[field.name] = Number(value);
    else if (field.kind === 'minutes') order[field.name] = Number(value) * 60;
    else order[field.name] = value.trim();
  }
  return order;
}

/** Puts a sentence of the catalog together. */
type Sentence = (id: string, args: { n: number }) => string;

/** What an order says besides its verb, for people; empty for one that says nothing. */
export function argumentsOf(order: Record<string, unknown>, t: Sentence): string {
  const said = (name: string, value: unknown): string => {
    if (name === 'seconds') return t('argument-text-seconds', { n: Number(value) });
    if (name === 'since_s') return t('argument-text-minutes', { n: Math.max(1, Math.round(Number(value) / 60)) });
    return String(value);
  };
  const named = Object.entries(order).filter(([name]) => name !== 'verb');
  return named.map(([name, value]) => said(name, value)).join(', ');
}
