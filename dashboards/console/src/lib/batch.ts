// Counts of orders by state, in the order of an order's life.
import type { Command, CommandState } from '../api/types';

export const STATES: readonly CommandState[] = [
  'queued', 'sent', 'accepted', 'running', 'succeeded', 'failed', 'rejected', 'timed_out', 'expired', 'canceled',
];

export function countStates(commands: Command[]): Record<CommandState, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<CommandState, number>;
  for (const command of commands) counts[command.state] = (counts[command.state] ?? 0) + 1;
  return counts;
}
