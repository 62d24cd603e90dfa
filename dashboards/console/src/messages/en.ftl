### Whole sentences of the console, English. de.ftl has the same keys; a test compares them.

## Frame
brand = MigraDo Fleet
title = { $page } – MigraDo Fleet
title-overview = Overview
title-orders = Orders
title-audit = Audit
title-access = Access
title-settings = Settings
title-missing = Page not found
missing-text = There is nothing at this address.
missing-back = To the overview
skip = Skip to content
menu = Menu
nav = Main navigation
search = Search terminals
search-hint = Search …
search-hint-key = Search … (key /)
loading = Loading …
close = Close
cancel = Cancel
back = Back
save = Save
edit = Edit
retry = Try again
refresh = Refresh
more = Show more
actions = Actions
yes = yes
no = no
not-known = not known
not-told = not reported
no-sensor = no sensor
read-at = Read
copy = Copy command
copied = Copied

## The page's own stream
stream-live = Live
stream-connecting = Connecting …
stream-down = Disconnected
stream-lost = Connection lost
stream-as-of = As of
stream-retry = What you see may be outdated. The page reconnects by itself.

## Ages
age-never = not known
age-ago-now = just now
age-ago-seconds = { $n ->
    [one] a second ago
   *[other] { $n } seconds ago
}
age-ago-minutes = { $n ->
    [one] a minute ago
   *[other] { $n } minutes ago
}
age-ago-hours = { $n ->
    [one] an hour ago
   *[other] { $n } hours ago
}
age-ago-days = { $n ->
    [one] a day ago
   *[other] { $n } days ago
}
age-since-now = since just now
age-since-seconds = { $n ->
    [one] for a second
   *[other] for { $n } seconds
}
age-since-minutes = { $n ->
    [one] for a minute
   *[other] for { $n } minutes
}
age-since-hours = { $n ->
    [one] for an hour
   *[other] for { $n } hours
}
age-since-days = { $n ->
    [one] for a day
   *[other] for { $n } days
}
age-in-now = now
age-in-seconds = { $n ->
    [one] in a second
   *[other] in { $n } seconds
}
age-in-minutes = { $n ->
    [one] in a minute
   *[other] in { $n } minutes
}
age-in-hours = { $n ->
    [one] in an hour
   *[other] in { $n } hours
}
age-in-days = { $n ->
    [one] in a day
   *[other] in { $n } days
}

## States
status-fault = Fault
status-offline = Offline
status-warning = Warning
status-maintenance = Maintenance
status-off = Switched off
status-unknown = Unknown
status-ok = OK
presence-online = Online
presence-late = Late
presence-offline = Offline
presence-off-on-purpose = Off on purpose
presence-unknown = Unknown
presence = Presence
health-ok = OK
health-degraded = Degraded
health-failed = Failed
health-unknown = Unknown
verdict-full-service = Full service
verdict-inform-only = Inform only
verdict-out-of-service = Out of service
verdict-none = Verdict not known
severity-report = Note
severity-warning = Warning
severity-error = Error
component-system = System
component-storage = Storage
component-clock = Clock
component-services = Services
component-printer = Printer
component-page = Visitor's page
component-usage = Usage counting
component-other = Other
reason-unsupported = There is nothing to measure here.
reason-starting = The first reading is not in yet.
reason-sensor-timeout = The sensor did not answer in time.
reason-sensor-failed = The sensor reported an error.
reason-cpu-busy = The processor has been busy for minutes.
reason-memory-low = Memory is low.
reason-temperature-high = The machine is too hot.
reason-disk-nearly-full = The disk is nearly full.
reason-inodes-nearly-full = The number of files is nearly exhausted.
reason-read-only = The file system is read-only.
reason-write-failed = A write test failed.
reason-clock-unsynchronized = The clock is not synchronized.
reason-clock-offset = The clock differs from the controller's.
reason-unit-failed = A service has failed.
reason-unit-inactive = A service is not running.
reason-printer-unreachable = The printer cannot be reached.
reason-printer-timeout = The printer does not answer in time.
reason-printer-nonsense = The printer's answer makes no sense.
reason-printer-error = The printer reports an error.
reason-paper-empty = Paper has run out.
reason-paper-low = Paper is running low.
reason-toner-empty = Toner has run out.
reason-toner-low = Toner is running low.
reason-paper-jam = Paper is jammed.
reason-cover-open = A cover is open.
reason-waste-full = The waste container is full.
reason-waste-nearly-full = The waste container is nearly full.
reason-output-full = The output tray is full.
reason-printer-stopped = The printer is stopped.
reason-printer-rejecting = The printer does not take jobs.
reason-queue-stuck = A print job has not moved for minutes.
reason-printer-other = The printer reports something of its own.
reason-page-silent = The visitor's page has gone silent.
reason-page-never-seen = The visitor's page has never reported.
reason-out-of-service-ordered = Taken out of service by the staff.
reason-other = A reason of a newer agent.
away-power = Last away: power cut or hard reset.
away-network = Last away: only the network was gone.
away-crash = Last away: the agent had crashed.
away-restart = Last away: the agent was restarted.
away-planned = Last away: planned reboot.
away-unknown = Last away: reason not known.
away-title = Last absence

## Heartbeat
heartbeat-label = History of the last five hours: { $name }
heartbeat-bucket = { $from } to { $to }: { $state }
heartbeat-none = no data
heartbeat-caption = The last five hours, one bar for every ten minutes

## Overview
tiles-label = Filter by state
important = Needs attention
important-none = Nothing that somebody would have to look after now.
important-more = { $n ->
    [one] Show one more
   *[other] Show { $n } more
}
important-fewer = Show fewer
filter-site = Site
filter-site-all = All sites
filter-clear = Clear filters
filter-nothing = No terminal matches this filter.
sort = Sort
sort-worst = Worst first
sort-place = By place
sort-seen = Longest unseen
view = View
view-cards = Cards
view-table = Table
shown = { $n } of { $total } terminals
site-count = { $n ->
    [one] one terminal
   *[other] { $n } terminals
}
empty-title = No terminal yet
empty-text = Add a terminal. Its page then shows the command with which it enrolls.
seen = Seen
seen-never = never
session = Session
session-running = session running
session-none = nobody there
drift = Desired and reported state differ
open-orders = { $n ->
    [one] one open order
   *[other] { $n } open orders
}
table-caption = All terminals that match the filter
column-status = State
column-terminal = Terminal
column-site = Site
column-why = Why
column-verdict = Verdict
column-history = History
column-seen = Last seen
column-version = Version
select-one = Select { $name }
select-all = { $n ->
    [one] Select the matching terminal
   *[other] Select all { $n } matching terminals
}
select-shown = { $n ->
    [one] Select the one
   *[other] Select all { $n }
}
selection = Selection
selection-count = { $n ->
    [one] One terminal selected
   *[other] { $n } terminals selected
}
selection-clear = Clear selection

## Terminal
terminal-missing = There is no terminal “{ $name }”.
terminal-add = Add terminal
terminal-id = Identity
terminal-id-hint = Lower-case letters, digits and hyphens, for example fp-03. It stays forever.
terminal-label = Label
why-title = Why is this not green?
why-none-title = Findings
why-none = There is nothing to report.
health-panel = Health
health-component = Part
health-state = State
health-reason = Reason
health-since = Since
health-read = Read
last-known = Last known state, reported
last-told = last reported
health-not-told = This terminal has not reported anything yet.
readings = Readings
reading-cpu = Processor
reading-cpu-value = { $percent } %, load { $load }
reading-memory = Memory
reading-of = { $part } of { $whole } ({ $percent } %)
reading-temperature = Temperature
reading-celsius = { $n } °C
reading-network = Network since boot
reading-network-value = { $received } received, { $sent } sent
reading-booted = Machine booted
reading-free = Free
reading-writable = Write test passed
reading-synchronized = Synchronized
reading-offset = Offset
reading-milliseconds = { $n } ms
reading-restarts = { $n ->
    [one] one restart
   *[other] { $n } restarts
}
reading-heartbeat = Last heartbeat
reading-build = Build of the page
printer-panel = Printer
printer-title = Printer { $name }
printer-not-told = No printer has reported.
printer-state = State
printer-idle = idle
printer-processing = printing
printer-stopped = stopped
printer-unknown = unknown
printer-asleep = asleep
printer-rejecting = does not take jobs
printer-jobs = Waiting jobs
printer-pages = Pages printed
printer-supplies = Supplies
printer-supplies-none = The printer reports no supplies.
printer-trays = Trays
printer-trays-none = The printer reports no trays.
printer-raw = In the printer's own words
printer-panel-text = Front panel
printer-source = Asked through
amount-percent = { $n } %
amount-room = room for { $n } %
amount-sheets = { $n ->
    [one] one sheet
   *[other] { $text } sheets
}
amount-some = some left
amount-unknown = not known
media-iso-a4-210x297mm = A4
media-iso-a3-297x420mm = A3
media-iso-a5-148x210mm = A5
ipp-media-empty = paper empty
ipp-media-low = paper low
ipp-media-needed = paper needed
ipp-media-jam = paper jam
ipp-toner-low = toner low
ipp-toner-empty = toner empty
ipp-marker-supply-low = supply low
ipp-marker-supply-empty = supply empty
ipp-marker-waste-full = waste container full
ipp-marker-waste-almost-full = waste container nearly full
ipp-cover-open = cover open
ipp-door-open = door open
ipp-output-area-full = output tray full
ipp-paused = paused
ipp-offline = not connected
usage = Usage
usage-counter = Counter
usage-today = Last 24 hours:
usage-chart = { $counter } per hour over the last { $days } days, { $total } in total. The table below names every hour.
usage-bar = { $day } { $at }: { $n }
usage-table = Figures as a table
usage-hour = Hour
usage-none = Nothing was counted in this time.
counter-sessions-begun = Sessions begun
counter-sessions-ended-by-visitor = Sessions ended by the visitor
counter-sessions-ended-by-idle = Sessions ended by idleness
counter-sessions-ended-by-reset = Sessions ended by an order
counter-languages-chosen = Languages chosen
counter-sheets-printed = Sheets printed
counter-prints-failed = Prints failed
desired-title = Desired and reported
desired-none = Nothing has been set for this terminal yet.
desired-same = Generation { $desired } is applied on the terminal.
desired-drift = Generation { $desired } is desired, the terminal reports { $reported }.
desired-unknown = Generation { $desired } is desired; what the terminal applies is not known.
desired-since = Set
desired-idle = Session end
desired-idle-value = after { $n } seconds without a touch
desired-languages = Languages
edit-title = Edit { $name }
edit-idle = Seconds without a touch until a session ends
edit-languages = Languages of the visitor's page
edit-languages-hint = Codes in the order wanted, separated by commas, for example: de, en, ar, uk
edit-conflict = Somebody else has changed this terminal meanwhile.
edit-take = Apply my values anyway
retire = Retire
retire-title = Retire { $name }
retire-text = Its certificate is revoked, the terminal is disconnected and leaves the fleet. This cannot be undone.
type-name = Type “{ $name }” to confirm
identity = Identity
identity-certificate = Certificate
identity-until = valid until { $at }
identity-none = not enrolled yet
identity-started = Agent started
enroll = Enroll …
enroll-title = Enroll { $name }
enroll-text = The terminal enrolls with a one-time token. It is valid for 30 minutes and works once. Run the command on the terminal.
enroll-make = Make a token
enroll-expires = Expires
enroll-once = The token is shown only now; only its hash is kept.
revoke = Revoke certificate …
revoke-title = Revoke the certificate of { $name }
revoke-text = The terminal is disconnected at once and can only return after enrolling anew.
timeline = Timeline
timeline-empty = Nothing has happened yet.
timeline-presence = Presence
timeline-health = Health
timeline-verdict = Verdict
timeline-command = Order
timeline-away = Absence
timeline-audit = Audit
timeline-refusal = Refusal

## Orders
order-give = Give order
order-title = { $n ->
    [one] Order for one terminal
   *[other] Order for { $n } terminals
}
order-title-one = Order for { $name }
order-verb = What should happen?
order-choose = Please choose
order-wait = How long may the order wait?
order-wait-default = as usual for this order
order-wait-15 = 15 minutes
order-wait-60 = an hour
order-wait-480 = eight hours
order-wait-1380 = until tomorrow
order-reason = Occasion (optional, kept in the audit)
order-preview = Continue to preview
order-applies = { $n ->
    [0] Applies to no terminal
    [one] Applies to one terminal
   *[other] Applies to { $n } terminals
}
order-skipped = { $n ->
    [one] One terminal is left out
   *[other] { $n } terminals are left out
}
order-sessions = { $n ->
    [one] One person is using it right now.
   *[other] { $n } people are using them right now.
}
order-sessions-wait = There the order waits for the end of the session.
order-sessions-forced = The session is ended at once; what is not printed yet is lost.
order-force = Do not wait, do it now
order-force-reason = Why it cannot wait
order-honest = An order counts as done only when the terminal itself has confirmed it.
order-confirm = { $n ->
    [0] No terminal affected
    [one] { $what }: send to one terminal
   *[other] { $what }: send to { $n } terminals
}
order-again = Send again
order-lost = It is not known whether the order arrived. Sending again is safe: it is given at most once.
order-taken = { $n ->
    [one] One order taken.
   *[other] { $n } orders taken.
}
order-open = { $n ->
    [one] One order waits for its terminal's confirmation; { $done } of { $total } done.
   *[other] { $n } orders wait for their terminals' confirmation; { $done } of { $total } done.
}
order-all-settled = All have answered or their time is up: { $done } of { $total } done.
order-batch = All orders of this batch
argument-unit = Service
argument-seconds = Seconds
argument-minutes = From the last minutes
argument-text-seconds = for { $n } seconds
argument-text-minutes = from the last { $n } minutes
argument-reason = Reason for the staff
command-queued = Waiting for the terminal
command-queued-text = Will be sent as soon as the terminal is connected, at the latest { $at }.
command-sent = Sent, waiting for confirmation
command-accepted = Accepted by the terminal
command-running = Running
command-succeeded = Confirmed
command-failed = Failed
command-rejected = Rejected
command-timed-out = No result, state unknown
command-timed-out-text = Whether the order was carried out is not known. If the terminal still speaks up, its word counts.
command-expired = Expired
command-canceled = Canceled
command-waits = Waits for the end of the running session, until { $at } at the latest.
command-cancel = Cancel order
command-cancel-asked = Cancellation is requested; the terminal decides whether it is still possible.
command-history = History
command-issued = Issued by { $by } on { $at }
command-reason = Occasion: { $reason }
command-forced = Without waiting, because: { $reason }
command-times = Start by { $start }, finish by { $finish }
command-logs = View logs
teller-terminal = terminal
teller-controller = controller
rejection-expired = Rejected: the time to begin had passed.
rejection-out-of-order = Rejected: out of order.
rejection-unknown-verb = Rejected: this agent does not know the order.
rejection-unit-not-listed = Rejected: the service is not on the terminal's list.
rejection-unsupported = Rejected: this machine cannot do that.
rejection-rate-limited = Rejected: too often within an hour.
rejection-journal-full = Rejected: too many orders are waiting.
rejection-session-running = Rejected: a session ran until the deadline.
rejection-invalid-times = Rejected: its times make no sense.
rejection-other = Rejected for a reason that this page does not know yet.
queue = Orders
queue-coming = Upcoming
queue-past = Past
queue-empty = Nothing is waiting.
queue-past-empty = No order yet.
queue-all = All orders of this terminal
orders-batch-title = Orders of a batch
orders-of = Only { $name }
orders-all = All orders
orders-open = Open
orders-none = No order matches.
orders-states = Filter by state

## Audit
audit-at = Time
audit-actor = Who
audit-action = What
audit-object = On what
audit-result = Result
audit-detail = Details
audit-none = No entries yet.
audit-login = Sign-in
audit-make-api-token = API token made
audit-token-withdraw = API token removed
audit-user-make = Person added
audit-user-change = Person changed
audit-user-remove = Person removed
audit-terminal-add = Display added
audit-terminal-change = Display changed
audit-terminal-retire = Display retired
audit-terminal-revoke = Certificate revoked
audit-enroll-token-make = Enrollment code made
audit-enroll = Display enrolled
audit-command-issue = Order given
audit-command-cancel = Order canceled
audit-logs-upload = Logs received
audit-certificate-renew = Certificate renewed
audit-certificate-replace = Renewed certificate in use
audit-certificate-check = Certificate refused
audit-signing-key-rotate = Signing key replaced
result-ok = allowed
result-refused = refused

## Access
role = Role
role-viewer = Viewer
role-operator = Operator
role-admin = Admin
role-of = Role of { $name }
users = People
made-at = Made
token-user = Account
user-add = Add person
user-remove-text = This person can no longer sign in; running sessions end.
remove-one = Remove { $name }
tokens = API tokens
tokens-text = For machines: Prometheus, scripts, migradoctl.
tokens-none = No token yet.
token-add = Make a token
token-name = Label
token-once = This token is shown only now:
token-remove-text = Whoever uses this token is refused from then on.

## Sign-in and settings
login-title = Sign in
login-name = Name
login-password = Password
login-submit = Sign in
login-busy = Signing in …
login-hint = Authorized staff only
login-ended = Your session has ended. Please sign in again.
login-unreachable = The controller cannot be reached.
sign-out = Sign out
settings-look = Appearance
settings-language = Language
settings-theme = Brightness
theme-auto = as the operating system
theme-light = light
theme-dark = dark
settings-shortcuts = Use single keys (/ and ?)
settings-shortcuts-hint = Ctrl+K always works. No key triggers anything on a terminal.
settings-account = Account
settings-signed-in = Signed in as { $name } with the role “{ $role }”.
password-change = Change password
password-old = Current password
password-new = New password
password-hint = At least 12 characters.
password-changed = The password has been changed.
wall-open = Open wall view

## Palette and help
palette-open = Quick access
palette-keys = Ctrl+K
palette-question = Terminal, page or action …
palette-found = Results
palette-none = Nothing found.
palette-page = Page
palette-action = Action
palette-filter = Filter
palette-order = Order, with preview
palette-trouble = Everything that is not OK
palette-dark = Dark appearance
palette-light = Light appearance
help-title = Help and keys
help-keys = Keys
help-palette = Quick access to terminals, pages and harmless actions
help-search = Jump to search
help-help = This help
help-heartbeat = Walk through a terminal's history
help-shortcuts-on = Single keys can be switched off in the settings.
help-shortcuts-off = Single keys are switched off in the settings.
help-states = States, worst first
help-status-fault = Something has failed, visitors notice.
help-status-offline = The terminal has not been heard in time.
help-status-warning = It still works, but somebody should look.
help-status-maintenance = Taken out of service by the staff.
help-status-off = Switched off on purpose.
help-status-unknown = Nothing is known yet.
help-status-ok = Everything that is reported is well.

## Failures
error-network = The controller cannot be reached.
error-unknown = That did not work.
error-400 = The request is not understood.
error-401 = Name or password is wrong.
error-403 = You are not allowed to do that.
error-404 = That does not exist (any more).
error-409 = That does not fit the present state.
error-412 = Somebody else has changed something meanwhile.
error-422 = The values are not valid.
error-428 = The state that the change refers to is missing.
error-429 = Too many attempts. Please wait a moment.
error-500 = The controller has run into an error.
error-503 = The controller is not ready right now.
