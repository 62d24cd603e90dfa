// Holds the console's words against the controller's generated ones: when the API moves on, this
// file no longer type-checks, in the same commit. Nothing of it reaches the browser.
import type { components } from './schema';
import type * as Content from './content';
import type * as Ours from './types';

type Theirs = components['schemas'];
/** Only accepts what the console can read. */
type Reads<Word, Sent extends Word> = [Word, Sent];

export type Contract = [
  Reads<Ours.Session, Theirs['Session']>,
  Reads<Ours.Fleet, Theirs['FleetView']>,
  Reads<Ours.TerminalSummary, Theirs['TerminalSummary']>,
  Reads<Ours.TerminalDetail, Theirs['TerminalDetail']>,
  Reads<Ours.TimelineItem, Theirs['TimelineItem']>,
  Reads<Ours.VerbInfo, Theirs['VerbInfo']>,
  Reads<Ours.Preview, Theirs['Preview']>,
  Reads<Ours.Command, Theirs['CommandView']>,
  Reads<Ours.AuditEntry, Theirs['AuditView']>,
  Reads<Ours.CalendarView, Theirs['CalendarView']>,
  Reads<Ours.DayView, Theirs['DayView']>,
  Reads<Ours.Schedule, Theirs['ScheduleView']>,
  Reads<Ours.ScheduleRun, Theirs['RunView']>,
  Reads<Content.Release, Theirs['ReleaseView']>,
  Reads<Content.Editions, Theirs['Editions']>,
  Reads<Content.Recall, Theirs['RecallView']>,
  Reads<Content.Languages, Theirs['LanguagesView']>,
  Reads<Content.RolloutSummary, Theirs['RolloutSummary']>,
  Reads<Content.Rollout, Theirs['RolloutView']>,
  Reads<Content.Plan, Theirs['PlanView']>,
  Reads<Ours.User, Theirs['UserView']>,
  Reads<Ours.ApiToken, Theirs['TokenView']>,
  Reads<Ours.EnrollToken, Theirs['EnrollToken']>,
];
