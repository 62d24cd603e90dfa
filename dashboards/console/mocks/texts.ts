// Sentences the controller would send, for the faults of the mock fleet.
import type { CommandState, Text, VerbInfo, Why } from '../src/api/types.ts';

const both = (de: string, en: string): Text => ({ de, en });

interface Finding {
  component: string;
  text: Text;
  next_step: Text;
  detail?: string;
}

export const PARTS: Record<string, Text> = {
  system: both('Rechner', 'Machine'), storage: both('Speicher', 'Storage'), clock: both('Uhr', 'Clock'), services: both('Dienste', 'Services'),
  printer: both('Drucker', 'Printer'), page: both('Besucherseite', 'Visitor’s page'), usage: both('Nutzungszählung', 'Usage counting'),
};

export const STATES: Record<CommandState, Text> = {
  queued: both('angeordnet', 'ordered'), sent: both('gesendet, wartet auf Bestätigung', 'sent, waiting for confirmation'),
  accepted: both('vom Terminal angenommen', 'accepted by the display'), running: both('läuft', 'running'),
  succeeded: both('vom Terminal bestätigt', 'confirmed by the display'), failed: both('fehlgeschlagen', 'failed'),
  rejected: both('vom Terminal abgelehnt', 'rejected by the display'), timed_out: both('kein Ergebnis, Zustand unbekannt', 'no result, state unknown'),
  expired: both('verfallen', 'expired'), canceled: both('zurückgenommen', 'taken back'),
};

export const FINDINGS: Record<string, Finding> = {
  paper_empty: { component: 'printer', text: both('Der Drucker hat kein Papier.', 'The printer has no paper.'), next_step: both('Papier in Fach 1 nachlegen; danach druckt er von selbst weiter.', 'Put paper into tray 1; it then goes on printing by itself.'), detail: 'media-empty-error' },
  toner_low: { component: 'printer', text: both('Der Toner geht zur Neige.', 'Toner is running low.'), next_step: both('Toner bereitlegen; gedruckt wird weiter.', 'Have toner ready; printing goes on.'), detail: 'Black Toner 8 %' },
  page_silent: { component: 'page', text: both('Die Besucherseite meldet sich nicht mehr.', 'The visitor’s page has gone silent.'), next_step: both('Seite neu starten; hilft das nicht, das Terminal neu starten.', 'Restart the page; if that does not help, reboot the terminal.'), detail: 'heartbeat missing' },
  disk_nearly_full: { component: 'storage', text: both('Der Speicherplatz ist fast voll.', 'The disk is nearly full.'), next_step: both('Logs abholen und prüfen, was den Platz belegt.', 'Collect logs and see what takes the space.'), detail: '3 % free' },
  out_of_service_ordered: { component: 'page', text: both('Vom Personal außer Betrieb genommen.', 'Taken out of service by the staff.'), next_step: both('Nach der Arbeit wieder in Betrieb nehmen.', 'Put it back into service after the work.'), detail: 'Austausch des Bildschirms' },
  offline: { component: '', text: both('Kein Lebenszeichen mehr.', 'No sign of life.'), next_step: both('Strom und Netzwerk am Terminal prüfen.', 'Check power and network at the terminal.') },
  off: { component: '', text: both('Planmäßig ausgeschaltet.', 'Switched off on purpose.'), next_step: both('Nichts zu tun; es kommt zur Öffnungszeit zurück.', 'Nothing to do; it returns at opening time.') },
  never_seen: { component: '', text: both('Noch nie verbunden.', 'Never connected.'), next_step: both('Das Terminal anmelden; der Befehl steht auf seiner Seite.', 'Enroll the terminal; its page shows the command.') },
};

export function why(code: string, since_ms: number): Why {
  const found = FINDINGS[code];
  if (!found) throw new Error(`no finding ${code}`);
  return { code, component: found.component || null, part: PARTS[found.component] ?? null, text: found.text, next_step: found.next_step, detail: found.detail ?? null, since_ms };
}

function verb(word: string, text: Text, effect: Text, disturbs = false, args: string[] = []): VerbInfo {
  return { verb: word, text, effect, disturbs_session: disturbs, default_start_by_s: 900, default_finish_by_s: 1800, arguments: args.map((name) => ({ name, type: 'string', text, max: 200 })) };
}

export const VERBS: VerbInfo[] = [
  verb('reset_session', both('Sitzung zurücksetzen', 'Reset session'), both('Die Sitzung endet, alles vom Besucher wird gelöscht.', 'The session ends and everything of the visitor is wiped.'), true),
  verb('reload_page', both('Seite neu laden', 'Reload page'), both('Die Besucherseite wird neu geladen.', 'The visitor’s page is loaded anew.'), true),
  verb('restart_page', both('Seite neu starten', 'Restart page'), both('Das Programm der Besucherseite wird neu gestartet; der Bildschirm ist etwa 5 Sekunden dunkel.', 'The program of the visitor’s page is restarted; the screen is dark for about 5 seconds.'), true),
  verb('clear_print_queue', both('Druckaufträge löschen', 'Clear print queue'), both('Alle wartenden Druckaufträge werden verworfen.', 'All waiting print jobs are discarded.'), true),
  verb('test_print', both('Testseite drucken', 'Print test page'), both('Es wird eine Testseite gedruckt.', 'A test page is printed.')),
  verb('restart_service', both('Dienst neu starten', 'Restart service'), both('Ein Dienst des Terminals wird neu gestartet.', 'A service of the terminal is restarted.'), true, ['unit']),
  verb('restart_agent', both('Agent neu starten', 'Restart agent'), both('Der Agent startet neu; das Terminal ist einige Sekunden nicht verbunden.', 'The agent restarts; the terminal is offline for a few seconds.'), true),
  verb('reboot', both('Terminal neu starten', 'Reboot terminal'), both('Der Rechner startet neu; das Terminal fällt etwa zwei Minuten aus.', 'The machine reboots; the terminal is gone for about two minutes.'), true),
  verb('identify', both('Kennung anzeigen', 'Identify'), both('Die Kennung erscheint groß auf dem Bildschirm.', 'Its identity appears in large letters on the screen.'), false, ['seconds']),
  verb('set_out_of_service', both('Außer Betrieb nehmen', 'Take out of service'), both('Besucher sehen „Außer Betrieb“, bis das Terminal wieder freigegeben wird.', 'Visitors see “out of service” until the terminal is released.'), true, ['reason']),
  verb('set_in_service', both('In Betrieb nehmen', 'Put into service'), both('Das Terminal steht Besuchern wieder zur Verfügung.', 'The terminal is available to visitors again.')),
  verb('collect_logs', both('Logs abholen', 'Collect logs'), both('Die letzten Logzeilen werden bereinigt übertragen, höchstens 2 MiB.', 'Recent log lines are sent, redacted, 2 MiB at most.'), false, ['since_s']),
  verb('report_now', both('Jetzt berichten', 'Report now'), both('Das Terminal sendet sofort seinen ganzen Stand.', 'The terminal sends its whole state now.')),
];

export { both };
