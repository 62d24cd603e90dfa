### Whole sentences of the console, German. en.ftl has the same keys; a test compares them.

## Frame
brand = MigraDo Flotte
title = { $page } – MigraDo Flotte
title-overview = Übersicht
title-orders = Aufträge
title-audit = Protokoll
title-access = Zugänge
title-settings = Einstellungen
title-missing = Seite nicht gefunden
missing-text = Unter dieser Adresse gibt es nichts.
missing-back = Zur Übersicht
skip = Zum Inhalt springen
menu = Menü
nav = Hauptnavigation
search = Terminals suchen
search-hint = Suchen …
search-hint-key = Suchen … (Taste /)
loading = Wird geladen …
close = Schließen
cancel = Abbrechen
back = Zurück
save = Speichern
edit = Bearbeiten
retry = Erneut versuchen
refresh = Aktualisieren
more = Mehr anzeigen
actions = Aktionen
yes = ja
no = nein
not-known = nicht bekannt
not-told = nicht gemeldet
no-sensor = kein Sensor
read-at = Gelesen
copy = Befehl kopieren
copied = Kopiert

## The page's own stream
stream-live = Live
stream-connecting = Verbindet …
stream-down = Getrennt
stream-lost = Verbindung unterbrochen
stream-as-of = Stand
stream-retry = Was hier steht, kann überholt sein. Die Verbindung wird von selbst neu aufgebaut.

## Ages
age-never = nicht bekannt
age-ago-now = gerade eben
age-ago-seconds = { $n ->
    [one] vor einer Sekunde
   *[other] vor { $n } Sekunden
}
age-ago-minutes = { $n ->
    [one] vor einer Minute
   *[other] vor { $n } Minuten
}
age-ago-hours = { $n ->
    [one] vor einer Stunde
   *[other] vor { $n } Stunden
}
age-ago-days = { $n ->
    [one] vor einem Tag
   *[other] vor { $n } Tagen
}
age-since-now = seit eben
age-since-seconds = { $n ->
    [one] seit einer Sekunde
   *[other] seit { $n } Sekunden
}
age-since-minutes = { $n ->
    [one] seit einer Minute
   *[other] seit { $n } Minuten
}
age-since-hours = { $n ->
    [one] seit einer Stunde
   *[other] seit { $n } Stunden
}
age-since-days = { $n ->
    [one] seit einem Tag
   *[other] seit { $n } Tagen
}
age-in-now = jetzt
age-in-seconds = { $n ->
    [one] in einer Sekunde
   *[other] in { $n } Sekunden
}
age-in-minutes = { $n ->
    [one] in einer Minute
   *[other] in { $n } Minuten
}
age-in-hours = { $n ->
    [one] in einer Stunde
   *[other] in { $n } Stunden
}
age-in-days = { $n ->
    [one] in einem Tag
   *[other] in { $n } Tagen
}

## States
status-fault = Störung
status-offline = Keine Verbindung
status-warning = Warnung
status-maintenance = Wartung
status-off = Ausgeschaltet
status-unknown = Unbekannt
status-ok = In Ordnung
presence-online = Verbunden
presence-late = Verspätet
presence-offline = Keine Verbindung
presence-off-on-purpose = Planmäßig aus
presence-unknown = Unbekannt
presence = Verbindung
health-ok = In Ordnung
health-degraded = Eingeschränkt
health-failed = Ausgefallen
health-unknown = Unbekannt
verdict-full-service = Voller Service
verdict-inform-only = Nur Auskunft
verdict-out-of-service = Außer Betrieb
verdict-none = Urteil nicht bekannt
severity-report = Hinweis
severity-warning = Warnung
severity-error = Fehler
away-title = Letzte Abwesenheit

## Heartbeat
heartbeat-label = Verlauf der letzten fünf Stunden: { $name }
heartbeat-bucket = { $from } bis { $to } Uhr: { $state }
heartbeat-none = keine Daten
heartbeat-caption = Die letzten fünf Stunden, ein Balken je zehn Minuten

## Overview
tiles-label = Nach Zustand filtern
important = Jetzt wichtig
important-none = Nichts, worum sich gerade jemand kümmern müsste.
important-more = { $n ->
    [one] Einen weiteren anzeigen
   *[other] { $n } weitere anzeigen
}
important-fewer = Weniger anzeigen
filter-site = Standort
filter-site-all = Alle Standorte
filter-clear = Filter aufheben
filter-nothing = Kein Terminal passt zu diesem Filter.
sort = Sortierung
sort-worst = Schlimmste zuerst
sort-place = Nach Platz
sort-seen = Am längsten nicht gesehen
view = Ansicht
view-cards = Karten
view-table = Tabelle
shown = { $n } von { $total } Terminals
site-count = { $n ->
    [one] ein Terminal
   *[other] { $n } Terminals
}
empty-title = Noch kein Terminal
empty-text = Legen Sie ein Terminal an. Danach zeigt seine Seite den Befehl, mit dem es sich anmeldet.
seen = Gesehen
seen-never = noch nie
session = Sitzung
session-running = Sitzung läuft
session-none = niemand davor
drift = Wunsch und Wirklichkeit weichen ab
open-orders = { $n ->
    [one] ein offener Auftrag
   *[other] { $n } offene Aufträge
}
table-caption = Alle Terminals, die zum Filter passen
column-status = Zustand
column-terminal = Terminal
column-site = Standort
column-why = Warum
column-verdict = Urteil
column-history = Verlauf
column-seen = Zuletzt gesehen
column-version = Version
select-one = { $name } auswählen
select-all = { $n ->
    [one] Das passende Terminal auswählen
   *[other] Alle { $n } passenden Terminals auswählen
}
select-shown = { $n ->
    [one] Das eine auswählen
   *[other] Alle { $n } auswählen
}
selection = Auswahl
selection-count = { $n ->
    [one] Ein Terminal ausgewählt
   *[other] { $n } Terminals ausgewählt
}
selection-clear = Auswahl aufheben

## Terminal
terminal-missing = Es gibt kein Terminal „{ $name }“.
terminal-add = Terminal anlegen
terminal-id = Kennung
terminal-id-hint = Kleinbuchstaben, Ziffern und Bindestriche, zum Beispiel fp-03. Sie bleibt für immer.
terminal-label = Bezeichnung
why-title = Warum ist das nicht grün?
why-none-title = Befund
why-none = Es liegt nichts vor.
health-panel = Gesundheit
health-component = Teil
health-state = Zustand
health-reason = Grund
health-since = Seit
health-read = Gelesen
last-known = Letzter bekannter Stand, gemeldet
last-told = zuletzt gemeldet
health-not-told = Dieses Terminal hat noch nichts gemeldet.
readings = Messwerte
reading-cpu = Prozessor
reading-cpu-value = { $percent } %, Last { $load }
reading-memory = Arbeitsspeicher
reading-of = { $part } von { $whole } ({ $percent } %)
reading-temperature = Temperatur
reading-celsius = { $n } °C
reading-network = Netz seit Start
reading-network-value = { $received } empfangen, { $sent } gesendet
reading-booted = Rechner gestartet
reading-free = Frei
reading-writable = Schreibprobe gelungen
reading-synchronized = Synchronisiert
reading-offset = Abweichung
reading-milliseconds = { $n } ms
reading-restarts = { $n ->
    [one] ein Neustart
   *[other] { $n } Neustarts
}
reading-heartbeat = Letzter Herzschlag
reading-build = Stand der Seite
printer-panel = Drucker
printer-title = Drucker { $name }
printer-not-told = Kein Drucker hat sich gemeldet.
printer-state = Zustand
printer-idle = bereit
printer-processing = druckt
printer-stopped = angehalten
printer-unknown = unbekannt
printer-asleep = im Ruhezustand
printer-rejecting = nimmt keine Aufträge an
printer-jobs = Wartende Aufträge
printer-pages = Gedruckte Seiten
printer-supplies = Verbrauchsmaterial
printer-supplies-none = Der Drucker meldet kein Verbrauchsmaterial.
printer-trays = Papierfächer
printer-trays-none = Der Drucker meldet keine Fächer.
printer-raw = Im Wortlaut des Druckers
printer-panel-text = Anzeige am Gerät
printer-source = Gefragt über
amount-percent = { $n } %
amount-room = noch { $n } % Platz
amount-sheets = { $n ->
    [one] ein Blatt
   *[other] { $text } Blatt
}
amount-some = etwas vorhanden
amount-unknown = nicht bekannt
media-iso-a4-210x297mm = A4
media-iso-a3-297x420mm = A3
media-iso-a5-148x210mm = A5
media-na-index-4x6-4x6in = Karte 10 × 15 cm
ipp-media-empty = Papier leer
ipp-media-low = Papier geht zur Neige
ipp-media-needed = Papier fehlt
ipp-media-jam = Papierstau
ipp-toner-low = Toner geht zur Neige
ipp-toner-empty = Toner leer
ipp-marker-supply-low = Verbrauchsmaterial geht zur Neige
ipp-marker-supply-empty = Verbrauchsmaterial leer
ipp-marker-waste-full = Resttonerbehälter voll
ipp-marker-waste-almost-full = Resttonerbehälter fast voll
ipp-cover-open = Klappe offen
ipp-door-open = Tür offen
ipp-output-area-full = Ablage voll
ipp-paused = angehalten
ipp-offline = nicht verbunden
usage = Nutzung
usage-counter = Zähler
usage-today = Letzte 24 Stunden:
usage-chart = { $counter } je Stunde in den letzten { $days } Tagen, zusammen { $total }. Die Tabelle darunter nennt jede Stunde.
usage-bar = { $day } { $at } Uhr: { $n }
usage-table = Zahlen als Tabelle
usage-hour = Stunde
usage-none = In dieser Zeit wurde nichts gezählt.
counter-sessions-begun = Sitzungen begonnen
counter-sessions-ended-by-visitor = Sitzungen vom Besucher beendet
counter-sessions-ended-by-idle = Sitzungen durch Untätigkeit beendet
counter-sessions-ended-by-reset = Sitzungen durch Auftrag beendet
counter-languages-chosen = Sprachen gewählt
counter-sheets-printed = Blätter gedruckt
counter-prints-failed = Drucke fehlgeschlagen
desired-title = Soll und Ist
desired-none = Für dieses Terminal ist noch nichts festgelegt.
desired-same = Stand { $desired } ist auf dem Terminal angewendet.
desired-drift = Gewünscht ist Stand { $desired }, das Terminal meldet Stand { $reported }.
desired-unknown = Gewünscht ist Stand { $desired }; was das Terminal anwendet, ist nicht bekannt.
desired-since = Festgelegt
desired-idle = Sitzungsende
desired-idle-value = nach { $n } Sekunden ohne Berührung
desired-languages = Sprachen
edit-title = { $name } bearbeiten
edit-idle = Sekunden ohne Berührung bis zum Sitzungsende
edit-languages = Sprachen der Besucherseite
edit-languages-hint = Kürzel in der gewünschten Reihenfolge, mit Komma getrennt, zum Beispiel: de, en, ar, uk
edit-conflict = Jemand anderes hat das Terminal inzwischen geändert.
edit-take = Meine Angaben trotzdem übernehmen
retire = Aussondern
retire-title = { $name } aussondern
retire-text = Das Zertifikat wird gesperrt, das Terminal wird getrennt und verschwindet aus der Flotte. Das lässt sich nicht rückgängig machen.
type-name = Zur Bestätigung „{ $name }“ eingeben
identity = Identität
identity-certificate = Zertifikat
identity-until = gültig bis { $at }
identity-none = noch nicht angemeldet
identity-started = Agent gestartet
enroll = Anmelden …
enroll-title = { $name } anmelden
enroll-text = Das Terminal meldet sich mit einem Einmalcode an. Er gilt 30 Minuten und ein einziges Mal. Führen Sie den Befehl auf dem Terminal aus.
enroll-make = Einmalcode erzeugen
enroll-expires = Läuft ab
enroll-once = Der Code wird nur jetzt angezeigt; gespeichert ist nur seine Prüfsumme.
revoke = Zertifikat sperren …
revoke-title = Zertifikat von { $name } sperren
revoke-text = Das Terminal wird sofort getrennt und kann sich erst nach einer neuen Anmeldung wieder verbinden.
timeline = Verlauf
timeline-empty = Noch nichts geschehen.
timeline-own = nach der Uhr des Terminals { $at }
timeline-presence = Verbindung
timeline-health = Gesundheit
timeline-verdict = Urteil
timeline-command = Auftrag
timeline-away = Abwesenheit
timeline-audit = Protokoll
timeline-refusal = Abweisung

## Orders
order-give = Auftrag erteilen
order-title = { $n ->
    [one] Auftrag für ein Terminal
   *[other] Auftrag für { $n } Terminals
}
order-title-one = Auftrag für { $name }
order-verb = Was soll geschehen?
order-choose = Bitte wählen
order-wait = Wie lange darf der Auftrag warten?
order-wait-default = wie üblich für diesen Auftrag
order-wait-15 = 15 Minuten
order-wait-60 = eine Stunde
order-wait-480 = acht Stunden
order-wait-1380 = bis morgen
order-waits-up-to = Wartezeit: { $time }
order-reason = Anlass (freiwillig, steht im Protokoll)
order-preview = Weiter zur Vorschau
order-applies = { $n ->
    [0] Betrifft kein Terminal
    [one] Betrifft ein Terminal
   *[other] Betrifft { $n } Terminals
}
order-skipped = { $n ->
    [one] Ein Terminal bleibt aus
   *[other] { $n } Terminals bleiben aus
}
order-sessions = { $n ->
    [one] Eine Person sitzt gerade davor.
   *[other] { $n } Personen sitzen gerade davor.
}
order-sessions-wait = Der Auftrag wartet dort auf das Ende der Sitzung.
order-sessions-forced = Die Sitzung wird sofort abgebrochen; was noch nicht gedruckt ist, geht verloren.
order-force = Nicht warten, sofort ausführen
order-force-reason = Warum nicht gewartet werden kann
order-honest = Ein Auftrag gilt erst als erledigt, wenn das Terminal es selbst bestätigt.
order-confirm = { $n ->
    [0] Kein Terminal betroffen
    [one] { $what }: an ein Terminal senden
   *[other] { $what }: an { $n } Terminals senden
}
order-again = Nochmals senden
order-lost = Es ist nicht bekannt, ob der Auftrag angekommen ist. Nochmals senden ist unbedenklich: Er wird höchstens einmal erteilt.
order-taken = { $n ->
    [one] Ein Auftrag angenommen.
   *[other] { $n } Aufträge angenommen.
}
order-open = { $n ->
    [one] Ein Auftrag wartet auf die Bestätigung seines Terminals; { $done } von { $total } erledigt.
   *[other] { $n } Aufträge warten auf die Bestätigung ihrer Terminals; { $done } von { $total } erledigt.
}
order-all-settled = { $total ->
    [one] { $done ->
        [one] Das Terminal hat es bestätigt.
       *[other] Der Auftrag ist beendet und nicht bestätigt.
    }
   *[other] Alle haben geantwortet oder ihre Zeit ist um: { $done } von { $total } erledigt.
}
order-batch = Alle Aufträge dieser Sammlung
argument-unit = Dienst
argument-seconds = Sekunden
argument-minutes = Aus den letzten Minuten
argument-text-seconds = { $n ->
    [one] für eine Sekunde
   *[other] für { $n } Sekunden
}
argument-text-minutes = { $n ->
    [one] aus der letzten Minute
   *[other] aus den letzten { $n } Minuten
}
argument-reason = Grund für das Personal
command-queued = Wartet auf das Terminal
command-queued-text = Wird gesendet, sobald das Terminal verbunden ist, spätestens { $at }.
command-sent = Gesendet, wartet auf Bestätigung
command-accepted = Vom Terminal angenommen
command-running = Läuft
command-succeeded = Bestätigt
command-failed = Fehlgeschlagen
command-rejected = Abgelehnt
command-timed-out = Kein Ergebnis, Zustand unbekannt
command-timed-out-text = Ob der Auftrag ausgeführt wurde, ist nicht bekannt. Meldet sich das Terminal noch, gilt sein Wort.
command-expired = Verfallen
command-canceled = Zurückgenommen
command-waits = Wartet auf das Ende der laufenden Sitzung, längstens bis { $at } Uhr.
command-cancel = Zurücknehmen
command-cancel-asked = Die Rücknahme ist erbeten; das Terminal entscheidet, ob es noch geht.
command-history = Verlauf
command-issued = Erteilt von { $by } am { $at }
command-reason = Anlass: { $reason }
command-verbatim = Wortlaut des Terminals
command-forced = Ohne zu warten, weil: { $reason }
command-times = Beginn spätestens { $start }, Ende spätestens { $finish }
command-logs = Logs ansehen
teller-terminal = Terminal
teller-controller = Controller
queue = Aufträge
queue-coming = Anstehend
queue-past = Vergangen
queue-empty = Nichts steht an.
queue-past-empty = Noch kein Auftrag.
queue-all = Alle Aufträge dieses Terminals
orders-batch-title = Aufträge einer Sammlung
orders-of = Nur { $name }
orders-all = Alle Aufträge
orders-open = Offene
orders-none = Kein Auftrag passt.
orders-states = Nach Zustand filtern

## Audit
audit-at = Zeit
audit-actor = Wer
audit-action = Was
audit-object = Woran
audit-result = Ergebnis
audit-detail = Einzelheiten
audit-none = Noch keine Einträge.
result-ok = erlaubt
result-refused = abgewiesen

## Access
role = Rolle
role-viewer = Ansehen
role-operator = Bedienen
role-admin = Verwalten
role-of = Rolle von { $name }
users = Personen
made-at = Angelegt
token-user = Konto
user-add = Person anlegen
user-remove-text = Diese Person kann sich danach nicht mehr anmelden; laufende Sitzungen enden.
remove-one = { $name } entfernen
tokens = API-Schlüssel
tokens-text = Für Maschinen: Prometheus, Skripte, migradoctl.
tokens-none = Noch kein Schlüssel.
token-add = Schlüssel erzeugen
token-name = Bezeichnung
token-once = Dieser Schlüssel wird nur jetzt angezeigt:
token-remove-text = Wer diesen Schlüssel benutzt, wird danach abgewiesen.

## Sign-in and settings
login-title = Anmelden
login-name = Name
login-password = Passwort
login-submit = Anmelden
login-busy = Wird angemeldet …
login-hint = Zugang nur für Berechtigte
login-ended = Ihre Sitzung ist beendet. Bitte melden Sie sich erneut an.
login-unreachable = Der Controller ist nicht erreichbar.
sign-out = Abmelden
settings-look = Darstellung
settings-language = Sprache
settings-theme = Helligkeit
theme-auto = wie das Betriebssystem
theme-light = hell
theme-dark = dunkel
settings-shortcuts = Einzeltasten verwenden (/ und ?)
settings-shortcuts-hint = Strg+K funktioniert immer. Keine Taste löst etwas auf einem Terminal aus.
settings-account = Konto
settings-signed-in = Angemeldet als { $name } mit der Rolle „{ $role }“.
password-change = Passwort ändern
password-old = Bisheriges Passwort
password-new = Neues Passwort
password-hint = Mindestens 12 Zeichen.
password-changed = Das Passwort ist geändert.
wall-open = Wandansicht öffnen

## Palette and help
palette-open = Schnellzugriff
palette-keys = Strg+K
palette-question = Terminal, Seite oder Aktion …
palette-found = Treffer
palette-none = Nichts gefunden.
palette-page = Seite
palette-action = Aktion
palette-filter = Filter
palette-order = Auftrag, mit Vorschau
palette-trouble = Alles, was nicht in Ordnung ist
palette-dark = Dunkle Darstellung
palette-light = Helle Darstellung
help-title = Hilfe und Tasten
help-keys = Tasten
help-palette = Schnellzugriff auf Terminals, Seiten und unbedenkliche Aktionen
help-search = In die Suche springen
help-help = Diese Hilfe
help-heartbeat = Im Verlauf eines Terminals von Abschnitt zu Abschnitt gehen
help-shortcuts-on = Einzeltasten lassen sich in den Einstellungen abschalten.
help-shortcuts-off = Einzeltasten sind in den Einstellungen abgeschaltet.
help-states = Zustände, schlimmster zuerst
help-status-fault = Etwas ist ausgefallen, Besucher merken es.
help-status-offline = Das Terminal hat sich nicht rechtzeitig gemeldet.
help-status-warning = Es geht noch, aber jemand sollte nachsehen.
help-status-maintenance = Vom Personal außer Betrieb genommen.
help-status-off = Planmäßig ausgeschaltet.
help-status-unknown = Es ist noch nichts bekannt.
help-status-ok = Alles, was gemeldet wird, ist in Ordnung.

## Failures
error-network = Der Controller ist nicht erreichbar.
error-unknown = Das hat nicht funktioniert.
error-400 = Die Angaben sind nicht verständlich.
error-401 = Name oder Passwort stimmen nicht.
error-403 = Dafür fehlt Ihnen die Berechtigung.
error-404 = Das gibt es nicht (mehr).
error-409 = Das passt nicht zum jetzigen Stand.
error-412 = Jemand anderes hat inzwischen etwas geändert.
error-422 = Die Angaben sind nicht gültig.
error-428 = Der Stand, auf den sich die Änderung bezieht, fehlt.
error-429 = Zu viele Versuche. Bitte warten Sie einen Augenblick.
error-500 = Im Controller ist ein Fehler aufgetreten.
error-503 = Der Controller ist gerade nicht bereit.

## Calendar
title-calendar = Kalender
calendar-month = Monat
calendar-today = Heute
calendar-before = Voriger Monat
calendar-after = Nächster Monat
calendar-closed = geschlossen
calendar-no-window = kein Fenster
calendar-no-windows = ohne Fenster
calendar-show-window = Fenster zeigen
calendar-window-open = offen
calendar-window-shut = nicht offen
calendar-from-configuration = Aus der Konfiguration des Controllers.
calendar-from-console = Auf der Konsole geändert von { $name }, { $at }. Die Konfiguration gilt so lange nicht.
calendar-reset = Zurück zur Konfiguration
calendar-reset-ask = Für { $name } wieder den Kalender der Konfiguration verwenden? Was auf der Konsole geändert wurde, ist dann verloren.
calendar-edit-title = Kalender: { $name }
calendar-hours = Öffnungszeiten
calendar-hours-known = Öffnungszeiten sind bekannt
calendar-hours-hint = Zum Beispiel 08:00-12:00, 13:00-15:30. Leer: geschlossen. Feiertage in Nordrhein-Westfalen sind von selbst geschlossen.
calendar-special = Besondere Tage
calendar-special-add = Besonderen Tag hinzufügen
calendar-day = Tag (JJJJ-MM-TT)
calendar-reason = Grund
calendar-closures = Schließungen
calendar-closures-hint = Ganze Tage wie 2026-12-28, oder Zeiten wie 2026-12-28T13:00.
calendar-closure-add = Schließung hinzufügen
calendar-from = Von
calendar-until = Bis
calendar-windows = Fenster für Änderungen an Terminals
calendar-windows-hint = Zeiten gelten in Dortmund.
calendar-cron = Beginn (Minute Stunde Tag Monat Wochentag)
calendar-minutes = Minuten
calendar-mistakes = { $n ->
    [one] Ein Fehler; er steht an seinem Feld. Es wurde nichts geändert.
   *[other] { $n } Fehler; jeder steht an seinem Feld. Es wurde nichts geändert.
}
weekday-monday = Montag
weekday-tuesday = Dienstag
weekday-wednesday = Mittwoch
weekday-thursday = Donnerstag
weekday-friday = Freitag
weekday-saturday = Samstag
weekday-sunday = Sonntag
day-special = Besonderer Tag
day-holiday = Feiertag
day-closure = Schließung
day-unknown = Keine Öffnungszeiten
window-download = Laden
window-activate = Umschalten
window-restart = Neustarten
rule-always = immer
rule-closed = außerhalb der Öffnungszeiten
rule-recurring = wiederkehrend

## Scheduled orders
title-schedules = Geplante Aufträge
schedules-none = Es gibt noch keine geplanten Aufträge.
schedule-add = Auftrag planen
schedule-edit = Geplanter Auftrag: { $name }
schedule-name = Name
schedule-when = Wann
schedule-how-cron = wiederkehrend
schedule-how-at = einmal
schedule-at = Zeit
schedule-displays = Für welche Terminals
schedule-label = Bezeichnung enthält „{ $text }“
schedule-only-when = Öffnungszeiten
schedule-grace = Nachholen bis (Minuten)
schedule-grace-hint = So lange wird ein verpasster Lauf nachgeholt, höchstens einmal. Danach wird er ausgelassen und vermerkt.
schedule-pause = Anhalten
schedule-resume = Fortsetzen
schedule-paused = angehalten
schedule-next = Nächster Lauf
schedule-last = Letzter Lauf
schedule-never = noch keiner
schedule-over = keiner mehr
schedule-runs = Letzte Läufe
schedule-ordered = { $n ->
    [one] ein Auftrag erteilt
   *[other] { $n } Aufträge erteilt
}
schedule-skipped = ausgelassen
schedule-left-out = { $n ->
    [one] (ein Terminal ausgelassen)
   *[other] ({ $n } Terminals ausgelassen)
}
schedule-missed = { $n ->
    [one] (davor einer verpasst)
   *[other] (davor { $n } verpasst)
}
schedule-remove-text = Der geplante Auftrag wird mit dem Verzeichnis seiner Läufe entfernt. Schon erteilte Aufträge bleiben.
scope-all = alle Terminals
scope-site = ein Standort
scope-label = Bezeichnung enthält
scope-terminals = einzelne Terminals
only-when-any = zu jeder Zeit
only-when-open = nur während der Öffnungszeiten
only-when-closed = nur außerhalb der Öffnungszeiten
skip-too-late = Der Controller war nicht da, die Nachholzeit war um.
skip-not-open = Der Standort war nicht geöffnet.
skip-not-closed = Der Standort war geöffnet.
skip-hours-unknown = Die Öffnungszeiten sind nicht bekannt.
skip-no-display = Kein Terminal gehört dazu.
skip-not-applicable = Kein Terminal konnte den Auftrag nehmen.
run-ordering = wird erteilt
run-unknown = Nicht bekannt: Der Controller endete dabei.

## Inhalte
title-content = Inhalte
release = Veröffentlichung
releases = Veröffentlichungen
releases-none = Noch ist nichts veröffentlicht. Die Redaktion veröffentlicht einen Ordner mit „migradoctl content publish“.
release-newest = neueste
release-withdrawn = zurückgezogen { $at }
release-published = veröffentlicht { $at } von { $by }
release-files = { $n ->
    [one] eine Datei
   *[other] { $text } Dateien
}
release-roll-out = Ausrollen …
release-of = { $n } von { $of }
release-nowhere = Auf keinem Terminal.
release-gone = Auf { $n } von { $of } Terminals nicht mehr in Betrieb
release-still = Noch in Betrieb auf
release-elsewhere = Ohne Standort
release-without = Terminals, die keine Veröffentlichung zeigen oder es nicht sagen:
place-in-service = in Betrieb
place-on-the-way = unterwegs
place-refused = abgelehnt
editions = Ausgaben von Formularen
editions-none = Noch hat keine Veröffentlichung ein Formular.
edition-of = Ausgabe { $edition }
edition-span = { $from } bis { $until }
edition-live = { $n ->
    [one] Wird an einem Terminal ausgegeben
   *[other] Wird an { $n } Terminals ausgegeben
}
edition-held = { $n ->
    [one] An einem Terminal zurückgehalten
   *[other] An { $n } Terminals zurückgehalten
}
edition-nowhere = Wird nirgends ausgegeben
edition-in = In { $names }
validity-valid = Gültig
validity-ends-soon = Endet bald
validity-expired = Abgelaufen
validity-not-yet = Noch nicht gültig
validity-recalled = Zurückgerufen
recalls = Rückrufe
recall-do = Zurückrufen
recall-title = Zurückrufen: { $title }, Ausgabe { $edition }
recall-text = Kein Terminal gibt diese Ausgabe mehr aus, welche Veröffentlichung es auch hat. Jedes Terminal weist nach, dass es den Rückruf befolgt; ein nicht verbundenes, sobald es zurück ist.
recall-reason = Grund (steht im Protokoll)
recall-done = Zurückgerufen: { $title }.
recall-proven = Nachgewiesen auf { $n } von { $of }
recall-missing = Es fehlt:
recall-offline-since = nicht verbunden seit { $at }
recall-by = zurückgerufen von { $by }, { $at }
recall-proofs = Nachweise
recall-proven-at = befolgt seit { $at }
recall-lift = Rückruf aufheben
recall-lift-title = Rückruf aufheben: { $form }, Ausgabe { $edition }
recall-lift-text = Die Terminals dürfen diese Ausgabe wieder ausgeben.
matrix = Sprachen
matrix-item = Was
matrix-gaps = Nur Lücken
matrix-no-gaps = In jeder Sprache ist alles da und geprüft.
matrix-complete = vollständig
matrix-missing = { $n } fehlen
matrix-draft = { $n } ungeprüft
matrix-table = Sprachen von { $release }
cell-checked = geprüft
cell-draft = da, nicht geprüft
cell-missing = fehlt ganz oder zum Teil
kind-home = Startseite
kind-strings = Wörter der Seite
kind-topic = Thema
kind-office = Dienststelle
kind-form = Formular
kind-guide = Anleitung
kind-video = Video
kind-event = Veranstaltung
content-not-told = Dieses Terminal sagt nichts von Inhalten.
content-active = In Betrieb
content-previous = Die vorige
content-none = keine
content-wanted = Soll haben
content-recalled = Hier zurückgehalten
content-list = Signierte Liste
content-list-stale = seit { $at } nicht erneuert; was in Betrieb ist, bleibt es
update-to = Aktualisierung auf { $name }:
update-downloading = wird geholt
update-staged = geholt und geprüft
update-waiting = wartet
update-activating = wird in Betrieb genommen
update-observing = in Betrieb, wird beobachtet
update-confirmed = bestätigt
update-rolled-back = zurückgerollt
update-failed = fehlgeschlagen
update-waits-visitor = Wartet auf einen Besucher
update-waits-download-window = Wartet auf das Fenster zum Herunterladen
update-waits-activate-window = Wartet auf das Fenster zur Inbetriebnahme
update-waits-leave = Wartet, bis es im Rollout an der Reihe ist
update-waits-since = seit { $at }
update-waits-latest = spätestens { $at }
update-waits-until = bis { $at }
update-penalty = { $n ->
    [one] Wird nach einem Versuch in Ruhe gelassen, bis { $at }.
   *[other] Wird nach { $n } Versuchen in Ruhe gelassen, bis { $at }.
}
update-detail = In den Worten des Terminals
update-retry = Jetzt noch einmal versuchen
finding-rollback = Eine ältere signierte Liste wurde angeboten als die hier bekannte: abgelehnt.
finding-freeze = Die signierte Liste ist abgelaufen.
finding-mix-and-match = Teile verschiedener signierter Listen wurden zusammen angeboten: abgelehnt.
finding-endless-data = Es kamen mehr Daten als angekündigt: abgelehnt.
finding-slow-data = Die Daten kamen zu langsam.
finding-wrong-key = Mit einem Schlüssel signiert, der nicht gilt: abgelehnt.
finding-tampered = Eine Datei ist nicht, was die signierte Liste sagt: abgelehnt.
finding-truncated = Eine Datei war abgeschnitten.
finding-unsafe-path = Der Pfad einer Datei führt aus ihrem Ordner heraus: abgelehnt.
finding-unknown-format = Ein Format, das dieses Terminal nicht kennt.
finding-not-found = Etwas von der Veröffentlichung ist nicht zu bekommen.
finding-not-listed = Die signierte Liste enthält diese Veröffentlichung nicht.
finding-storage = Die Platte nahm es nicht an.
finding-transport = Die Leitung hält nicht.
finding-no-space = Auf der Platte ist kein Platz dafür.
finding-no-room = Über dem Rest, der frei bleiben muss, ist kein Platz dafür.
finding-budget = Es bräuchte mehr Bytes von der Leitung, als es darf.
finding-halted = Das Herunterladen wurde angehalten.
finding-internal = Der Agent hat einen Fehler gemacht.
finding-interrupted = Der Strom fiel aus, oder der Agent endete, während sie in Betrieb ging.
finding-agent-restarts = Der Agent startete damit immer wieder neu.
finding-page-silent = Die Besucherseite zeigte sie nicht: kein Lebenszeichen.
finding-page-refuses = Die Besucherseite konnte sie nicht zeigen.
finding-printer = Der Drucker war damit nicht zu benutzen.
finding-other = Das Terminal meldet „{ $name }“.
download-bar = Herunterladen: { $name }
download-of = { $percent } %, { $done } von { $total }
download-rate = { $rate }/s
download-stands = steht still
download-left-seconds = { $n ->
    [one] noch eine Sekunde
   *[other] noch { $n } Sekunden
}
download-left-minutes = { $n ->
    [one] noch eine Minute
   *[other] noch { $n } Minuten
}
download-left-hours = { $n ->
    [one] noch eine Stunde
   *[other] noch { $n } Stunden
}
download-neighbors = { $size } von Nachbarn
duration-seconds = { $n ->
    [one] eine Sekunde
   *[other] { $n } Sekunden
}
duration-minutes = { $n ->
    [one] eine Minute
   *[other] { $n } Minuten
}
duration-hours = { $n ->
    [one] eine Stunde
   *[other] { $n } Stunden
}

## Rollouts
title-rollouts = Rollouts
title-rollout = Rollout
rollouts-none = Es gibt noch keine Rollouts.
rollout-missing = Diesen Rollout gibt es nicht.
rollout-new = Neuer Rollout
rollout-draft = Nicht gestartet
rollout-awaiting-approval = Wartet auf Freigabe
rollout-scheduled = Geplant
rollout-running = Läuft
rollout-paused = Angehalten
rollout-halted = Wird zurückgenommen
rollout-completed = Abgeschlossen
rollout-canceled = Vorzeitig beendet
rollout-rolled-back = Zurückgenommen
rollout-made = angelegt von { $by }, { $at }
rollout-by = Wer
rollout-started-by = gestartet von { $by }
rollout-approved-by = freigegeben von { $by }
rollout-starts = beginnt { $at }
rollout-limits = Zeitgrenzen
rollout-limits-value = { $reach } bis erreichbar, { $download } zum Herunterladen, { $activate } zur Inbetriebnahme
rollout-throttle-value = höchstens { $rate }/s
rollout-wait-value = wartet höchstens { $time } auf einen Besucher
rollout-waves = Wellen
step-pending = nicht begonnen
step-downloading = wird geholt
step-staged = geholt
step-waiting = wartet
step-activating = geht in Betrieb
step-observing = wird beobachtet
step-confirmed = bestätigt
step-rolled-back = von selbst zurückgerollt
step-failed = fehlgeschlagen
step-timed-out = kein Ergebnis in der Zeit
step-unreached = nicht erreicht
step-left-out = ausgenommen
step-returning = geht zurück
step-returned = wieder zurück
wave-pending = Nicht begonnen
wave-running = Läuft
wave-observing = Wird beobachtet
wave-through = Durch
wave-number = Welle { $n } von { $of }
wave-number-of = Welle { $n }
wave-confirmed = { $n } von { $of } bestätigt
wave-begun = begonnen { $at }
wave-observing-until = beobachtet bis { $at }
wave-success = nächste Welle ab { $n } % bestätigt
wave-errors-count = { $n ->
    [0] hält beim ersten Fehler
    [one] hält bei mehr als einem Fehler
   *[other] hält bei mehr als { $n } Fehlern
}
wave-errors-percent = hält über { $n } % Fehlern
wave-errors-now = (jetzt { $n })
wave-observe = { $time } beobachtet
wave-observe-not = nicht beobachtet
wave-pause-after = wartet dann auf einen Menschen
wave-displays = { $n ->
    [one] Ein Terminal
   *[other] { $n } Terminals
}
wave-empty-yet = Hat noch keine Terminals.
wave-empty-now = Hat keine Terminals.
pending-turn = Ist noch nicht an der Reihe.
display-back-to = zurück zu { $name }
who-rest = alle übrigen
who-count = { $n ->
    [one] ein Terminal
   *[other] { $n } Terminals
}
who-percent = bis { $n } % dabei sind
who-site = Standort { $name }
who-label = Merkmal „{ $name }“
error-code-applies-to-none = Kein Terminal nimmt teil.
error-code-unsolvable = Der Plan ist unmöglich; unten stehen die Terminals und was im Weg ist.
error-code-same-eyes = Wer einen Rollout angelegt oder gestartet hat, darf ihn nicht freigeben.
error-code-withdrawn = Die Veröffentlichung wurde inzwischen zurückgezogen.
error-code-unfit-state = Das passt nicht zum Stand des Rollouts.
error-code-incomplete = Die Dateien dieser Veröffentlichung sind hier nicht mehr aufgehoben.
reason-wait = Seit { $since }, spätestens { $at }.
reason-since = Seit { $at }.
reason-until = Bis { $at }.
reason-from = Ab { $at }.
rollout-do-start = Starten
rollout-do-approve = Freigeben
rollout-do-pause = Anhalten
rollout-do-resume = Fortsetzen
rollout-do-back = Zurücknehmen
rollout-do-cancel = Beenden
rollout-ask-start = { $n ->
    [0] Wer teilnimmt, entscheidet sich jetzt, nach dem Stand der Terminals; sie bekommen { $release }, Welle für Welle. Ein unmöglicher Plan wird abgelehnt.
    [one] Ein Terminal bekommt { $release }, Welle für Welle.
   *[other] { $n } Terminals bekommen { $release }, Welle für Welle.
}
rollout-ask-approve = { $n ->
    [one] Sie geben { $release } für ein Terminal frei. Danach beginnt die erste Welle.
   *[other] Sie geben { $release } für { $n } Terminals frei. Danach beginnt die erste Welle.
}
rollout-ask-pause = Nichts Neues beginnt, bis jemand fortsetzt. Terminals, die mit { $release } begonnen haben, bringen es zu Ende.
rollout-ask-resume = Es geht mit { $release } weiter; wo eine Welle durch ist, mit der nächsten.
rollout-ask-back = { $n ->
    [0] Kein Terminal hat mit { $release } begonnen; es wird auch keines.
    [one] Ein Terminal, das { $release } hat oder dabei ist, bekommt wieder, was es hatte.
   *[other] { $n } Terminals, die { $release } haben oder dabei sind, bekommen wieder, was sie hatten.
}
rollout-ask-cancel = Der Rollout endet. Terminals, die { $release } haben, behalten es; die anderen behalten, was sie hatten.
rollout-done = { $what }: { $title }.
rollout-is-now = Der Rollout ist jetzt:
rollout-again = Gesehen, fragen Sie mich erneut
rollout-same-eyes = Wer einen Rollout angelegt oder gestartet hat, darf ihn nicht freigeben; bitten Sie jemand anderen.
rollout-preview = Weiter zum Plan
rollout-start = { $n ->
    [0] Kein Terminal nimmt teil
    [one] Für ein Terminal starten
   *[other] Für { $n } Terminals starten
}
rollout-start-four = { $n ->
    [0] Kein Terminal nimmt teil
    [one] Zur Freigabe vorlegen, für ein Terminal
   *[other] Zur Freigabe vorlegen, für { $n } Terminals
}
rollout-started = Gestartet: { $title }.
rollout-title = Titel
rollout-scope-all = alle Terminals
rollout-scope-site = ein Standort
rollout-scope-terminals = einzelne Terminals
rollout-more = Beginn, Grenzen und Ausnahmen
rollout-not-before = Nicht vor
rollout-throttle = Kibibytes je Sekunde und Terminal
rollout-throttle-none = keine Grenze
rollout-wait = Minuten, die es höchstens auf einen Besucher wartet
rollout-wait-none = solange einer da ist
rollout-reach = Stunden, um erreichbar zu werden
rollout-download = Stunden zum Herunterladen
rollout-activate = Minuten zur Inbetriebnahme
rollout-allow-single = Das einzige Terminal seiner Art an einem Standort darf während der Öffnungszeit weg sein
wave-who = Welche Terminals
wave-kind-count = Anzahl
wave-kind-percent = Prozent von allen
wave-kind-site = Standort
wave-kind-label = Merkmal
wave-kind-terminals = einzelne Terminals
wave-kind-rest = alle übrigen
wave-name = Name
wave-name-hint = wie daneben gewählt
wave-success-field = Prozent bestätigt vor der nächsten Welle
wave-errors-field = Fehler, die hingenommen werden
wave-errors-in = Fehler gezählt in
wave-errors-displays = Terminals
wave-observe-field = Minuten, die sie beobachtet wird
wave-pause-field = Ein Mensch lässt die nächste Welle beginnen
wave-remove = Welle { $n } entfernen
wave-add = Welle hinzufügen
plan-of = Wer { $release } bekommt, wann, und warum nicht. Noch ist nichts geschehen.
plan-impossible = Dieser Plan ist unmöglich:
plan-nobody = Kein Terminal nimmt teil.
plan-four-eyes = Jemand anderes muss ihn freigeben, bevor er beginnt.
plan-wave = { $n ->
    [one] ein Terminal, ab { $at }
   *[other] { $n } Terminals, ab { $at }
}
plan-wave-empty = Für diese Welle ist keines übrig.
plan-times = holt ab { $download }, in Betrieb ab { $activate }
plan-out = { $n ->
    [one] Ein Terminal nimmt nicht teil
   *[other] { $n } Terminals nehmen nicht teil
}
