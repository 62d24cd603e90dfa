//! The words for every finding: what is, and what to do next, in German and English. A catalog; what
//! of it is shown is decided in `why`.

use migrado_protocol::health::Reason;

use super::why::{Words, words};

/// The words for a finding of a display. A new reason belongs to one of the three.
pub fn of_reason(reason: Reason) -> Words {
    match reason {
        Reason::Unsupported
        | Reason::Starting
        | Reason::SensorTimeout
        | Reason::SensorFailed
        | Reason::CpuBusy
        | Reason::MemoryLow
        | Reason::TemperatureHigh
        | Reason::DiskNearlyFull
        | Reason::InodesNearlyFull
        | Reason::ReadOnly
        | Reason::WriteFailed
        | Reason::ClockUnsynchronized
        | Reason::ClockOffset
        | Reason::UnitFailed
        | Reason::UnitInactive
        | Reason::PageSilent
        | Reason::PageNeverSeen
        | Reason::OutOfServiceOrdered => of_machine(reason),
        Reason::PrinterUnreachable
        | Reason::PrinterTimeout
        | Reason::PrinterNonsense
        | Reason::PrinterError
        | Reason::PaperEmpty
        | Reason::PaperLow
        | Reason::TonerEmpty
        | Reason::TonerLow
        | Reason::PaperJam
        | Reason::CoverOpen
        | Reason::WasteFull
        | Reason::WasteNearlyFull
        | Reason::OutputFull
        | Reason::PrinterStopped
        | Reason::PrinterRejecting
        | Reason::QueueStuck
        | Reason::PrinterOther => of_printer(reason),
        Reason::ContentRefused
        | Reason::ContentStale
        | Reason::ContentNoSpace
        | Reason::ContentRolledBack
        | Reason::ContentDamaged
        | Reason::ContentFailed => of_content(reason),
        Reason::Other => of_another(),
    }
}

fn of_printer(reason: Reason) -> Words {
    match reason {
        Reason::PrinterUnreachable => words(
            "Der Drucker ist nicht erreichbar.",
            "The printer cannot be reached.",
            "Ist er eingeschaltet und angeschlossen?",
            "Is it switched on and plugged in?",
        ),
        Reason::PrinterTimeout => words(
            "Der Drucker antwortet nicht.",
            "The printer does not answer.",
            "Drucker aus- und wieder einschalten.",
            "Switch the printer off and on.",
        ),
        Reason::PrinterNonsense => words(
            "Der Drucker antwortet unverständlich.",
            "The printer's answer makes no sense.",
            "Steht unter seiner Adresse wirklich der Drucker?",
            "Is it really the printer at this address?",
        ),
        Reason::PrinterError => words(
            "Der Drucker meldet einen Fehler.",
            "The printer reports an error.",
            "Meldung am Drucker lesen; aus- und wieder einschalten.",
            "Read the message on the printer; switch it off and on.",
        ),
        Reason::PaperEmpty => words(
            "Das Papier ist leer.",
            "Paper has run out.",
            "Papier nachlegen. Das Drucken geht von selbst weiter.",
            "Add paper. Printing goes on by itself.",
        ),
        Reason::PaperLow => words(
            "Das Papier geht zur Neige.",
            "Paper is running low.",
            "Bei Gelegenheit Papier nachlegen.",
            "Add paper when you pass by.",
        ),
        Reason::TonerEmpty => words(
            "Der Toner ist leer.",
            "Toner has run out.",
            "Kartusche tauschen.",
            "Replace the cartridge.",
        ),
        Reason::TonerLow => words(
            "Der Toner geht zur Neige.",
            "Toner is running low.",
            "Kartusche bestellen. Gedruckt wird weiter.",
            "Order a cartridge. Printing goes on.",
        ),
        Reason::PaperJam => words(
            "Im Drucker steckt Papier fest.",
            "Paper is jammed.",
            "Klappe öffnen und das Papier herausziehen.",
            "Open the cover and pull the paper out.",
        ),
        Reason::CoverOpen => words(
            "Eine Klappe des Druckers ist offen.",
            "A cover of the printer is open.",
            "Klappe schließen.",
            "Close the cover.",
        ),
        Reason::WasteFull => words(
            "Der Resttonerbehälter ist voll.",
            "The waste container is full.",
            "Behälter tauschen.",
            "Replace the container.",
        ),
        Reason::WasteNearlyFull => words(
            "Der Resttonerbehälter ist fast voll.",
            "The waste container is nearly full.",
            "Behälter bestellen.",
            "Order a container.",
        ),
        Reason::OutputFull => words(
            "Das Ausgabefach ist voll.",
            "The output tray is full.",
            "Papier aus dem Ausgabefach nehmen.",
            "Take the paper out of the output tray.",
        ),
        Reason::PrinterStopped => words(
            "Der Drucker ist angehalten.",
            "The printer is stopped.",
            "Druckaufträge löschen und Testdruck senden.",
            "Clear the print queue and send a test print.",
        ),
        Reason::PrinterRejecting => words(
            "Der Drucker nimmt keine Aufträge an.",
            "The printer does not take jobs.",
            "Warteschlange des Druckers freigeben.",
            "Let the printer's queue accept jobs.",
        ),
        Reason::QueueStuck => words(
            "Ein Druckauftrag kommt nicht voran.",
            "A print job does not move.",
            "Druckaufträge löschen.",
            "Clear the print queue.",
        ),
        Reason::PrinterOther => words(
            "Der Drucker meldet etwas Eigenes.",
            "The printer reports something of its own.",
            "Meldung am Drucker lesen.",
            "Read the message on the printer.",
        ),
        _ => of_another(),
    }
}

fn of_machine(reason: Reason) -> Words {
    match reason {
        Reason::Unsupported => words(
            "Auf diesem Gerät nicht messbar.",
            "Cannot be sensed on this machine.",
            "Nichts zu tun.",
            "Nothing to do.",
        ),
        Reason::Starting => words(
            "Die erste Messung steht noch aus.",
            "The first reading is not in yet.",
            "Eine Minute warten.",
            "Wait a minute.",
        ),
        Reason::SensorTimeout => words(
            "Eine Messung hat zu lange gedauert.",
            "A reading took too long.",
            "Wenn es bleibt: Protokolle holen.",
            "If it stays: collect logs.",
        ),
        Reason::SensorFailed => words(
            "Eine Messung ist fehlgeschlagen.",
            "A reading failed.",
            "Wenn es bleibt: Protokolle holen.",
            "If it stays: collect logs.",
        ),
        Reason::CpuBusy => words(
            "Der Prozessor ist seit Minuten ausgelastet.",
            "The processor has been busy for minutes.",
            "Seite neu starten; wenn es bleibt, Protokolle holen.",
            "Restart the page; if it stays, collect logs.",
        ),
        Reason::MemoryLow => words(
            "Der Arbeitsspeicher wird knapp.",
            "Memory is running low.",
            "Seite neu starten.",
            "Restart the page.",
        ),
        Reason::TemperatureHigh => words(
            "Das Gerät ist zu heiß.",
            "The machine is too hot.",
            "Lüftungsschlitze freiräumen; wenn es bleibt, Gerät tauschen.",
            "Clear the vents; if it stays, replace the machine.",
        ),
        Reason::DiskNearlyFull => words(
            "Der Speicherplatz wird knapp.",
            "Disk space is running low.",
            "Protokolle holen und nachsehen, was wächst.",
            "Collect logs and see what grows.",
        ),
        Reason::InodesNearlyFull => words(
            "Es passen kaum noch Dateien auf den Datenträger.",
            "Hardly any more files fit on the disk.",
            "Protokolle holen und nachsehen, was wächst.",
            "Collect logs and see what grows.",
        ),
        Reason::ReadOnly => words(
            "Der Datenträger lässt sich nur noch lesen.",
            "The disk can only be read.",
            "Gerät neu starten; kommt es wieder, Datenträger tauschen.",
            "Reboot the machine; if it comes back, replace the disk.",
        ),
        Reason::WriteFailed => words(
            "Ein Schreibtest ist fehlgeschlagen.",
            "A write test failed.",
            "Gerät neu starten; kommt es wieder, Datenträger tauschen.",
            "Reboot the machine; if it comes back, replace the disk.",
        ),
        Reason::ClockUnsynchronized => words(
            "Die Uhr wird nicht abgeglichen.",
            "The clock is not synchronized.",
            "Zeitabgleich (NTP) des Standorts prüfen.",
            "Check the site's time service (NTP).",
        ),
        Reason::ClockOffset => words(
            "Die Uhr geht falsch.",
            "The clock is wrong.",
            "Zeitabgleich (NTP) des Geräts prüfen.",
            "Check the machine's time service (NTP).",
        ),
        Reason::UnitFailed => words(
            "Ein Dienst ist ausgefallen.",
            "A service has failed.",
            "Dienst neu starten.",
            "Restart the service.",
        ),
        Reason::UnitInactive => words(
            "Ein Dienst läuft nicht.",
            "A service is not running.",
            "Dienst neu starten.",
            "Restart the service.",
        ),
        Reason::PageSilent => words(
            "Die Besucherseite gibt kein Lebenszeichen.",
            "The visitor's page gives no sign of life.",
            "Seite neu starten.",
            "Restart the page.",
        ),
        Reason::PageNeverSeen => words(
            "Die Besucherseite hat sich noch nie gemeldet.",
            "The visitor's page has never reported.",
            "Läuft der Browser des Terminals? Seite neu starten.",
            "Does the display's browser run? Restart the page.",
        ),
        Reason::OutOfServiceOrdered => words(
            "Von Hand außer Betrieb genommen.",
            "Taken out of service by hand.",
            "Wieder in Betrieb nehmen, wenn alles bereit ist.",
            "Put it back into service when all is ready.",
        ),
        _ => of_another(),
    }
}

/// What is with the content. A display goes on serving what it had in each of these cases.
fn of_content(reason: Reason) -> Words {
    match reason {
        Reason::ContentRefused => words(
            "Angebotene Inhalte tragen nicht die Unterschrift der Redaktion.",
            "Content that was offered is not what its editors signed.",
            "Der Terminal zeigt weiter den letzten guten Stand. Controller prüfen: Name des Angriffs steht im Detail.",
            "The display goes on with the last good release. Look at the controller: the detail names the attack.",
        ),
        Reason::ContentStale => words(
            "Die unterschriebene Liste der Inhalte ist zu alt.",
            "The signed list of releases is older than it may be.",
            "Erreicht der Terminal den Controller, und erneuert der seine Liste?",
            "Does the display reach the controller, and does that renew its list?",
        ),
        Reason::ContentNoSpace => words(
            "Für neue Inhalte ist kein Platz.",
            "There is no space for new content.",
            "Platz auf dem Datenträger schaffen; es geht von selbst weiter.",
            "Make space on the disk; it goes on by itself.",
        ),
        Reason::ContentRolledBack => words(
            "Neue Inhalte haben nicht funktioniert und wurden zurückgenommen.",
            "New content did not work and was taken back.",
            "Detail lesen, Inhalte berichtigen, neu veröffentlichen.",
            "Read the detail, correct the content, publish anew.",
        ),
        Reason::ContentDamaged => words(
            "Dateien der Inhalte sind auf dem Datenträger beschädigt.",
            "Files of the content are damaged on the disk.",
            "Sie werden neu geholt. Kommt es wieder, den Datenträger tauschen.",
            "They are fetched anew. If it comes back, replace the disk.",
        ),
        Reason::ContentFailed => words(
            "Neue Inhalte ließen sich nicht einspielen.",
            "New content could not be put in place.",
            "Es wird von selbst wieder versucht; Detail lesen.",
            "It is tried again by itself; read the detail.",
        ),
        _ => of_another(),
    }
}

fn of_another() -> Words {
    words(
        "Ein Grund, den diese Version nicht kennt.",
        "A reason that this version does not know.",
        "Controller aktualisieren.",
        "Update the controller.",
    )
}
