//! What stands in the sample forms.

/// A form of one page.
pub(crate) struct Sheet {
    /// The name of its folder.
    pub(crate) id: &'static str,
    /// Whose it is.
    pub(crate) office: &'static str,
    /// Its number at that office.
    pub(crate) number: &'static str,
    pub(crate) title: &'static str,
    pub(crate) intro: &'static [&'static str],
    pub(crate) parts: &'static [Part],
    /// Who signs.
    pub(crate) signature: &'static str,
}

/// Fields under a heading.
pub(crate) struct Part {
    pub(crate) title: &'static str,
    pub(crate) rows: &'static [&'static [Field]],
}

/// A field, as wide as so many of twelve columns.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) columns: u8,
    pub(crate) kind: Kind,
}

/// What is put into a field.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A line of so many characters.
    Line(u8),
    /// So many lines.
    Lines(u8),
    /// A cross.
    Check,
    /// One of these.
    Choice(&'static [&'static str]),
}

const fn field(name: &'static str, label: &'static str, columns: u8, kind: Kind) -> Field {
    Field { name, label, columns, kind }
}

const fn check(name: &'static str, label: &'static str, columns: u8) -> Field {
    field(name, label, columns, Kind::Check)
}

const FAMILY_NAME: Field = field("familienname", "Familienname", 6, Kind::Line(60));
const GIVEN_NAMES: Field = field("vornamen", "Vornamen", 6, Kind::Line(60));
const BIRTH_DATE: Field = field("geburtsdatum", "Geburtsdatum", 3, Kind::Line(10));
const NATIONALITY: Field = field("staatsangehoerigkeit", "Staatsangehörigkeit", 5, Kind::Line(60));
const STREET: Field = field("strasse", "Straße und Hausnummer", 6, Kind::Line(80));
const POSTAL_CODE: Field = field("plz", "Postleitzahl", 2, Kind::Line(5));
const TOWN: Field = field("ort", "Ort", 4, Kind::Line(60));
const PHONE: Field = field("telefon", "Telefon", 5, Kind::Line(30));
const EMAIL: Field = field("email", "E-Mail", 7, Kind::Line(80));
const CHILD_FAMILY_NAME: Field = field("kind_familienname", "Familienname des Kindes", 5, Kind::Line(60));
const CHILD_GIVEN_NAMES: Field = field("kind_vornamen", "Vornamen des Kindes", 4, Kind::Line(60));
const CHILD_BIRTH_DATE: Field = field("kind_geburtsdatum", "Geburtsdatum des Kindes", 3, Kind::Line(10));
const ADDRESS: &[Field] = &[STREET, POSTAL_CODE, TOWN];
const NAME: &[Field] = &[FAMILY_NAME, GIVEN_NAMES];
const CHILD: Part =
    Part { title: "1. Kind", rows: &[&[CHILD_FAMILY_NAME, CHILD_GIVEN_NAMES, CHILD_BIRTH_DATE]] };

const fn remarks(label: &'static str, lines: u8) -> Field {
    field("bemerkungen", label, 12, Kind::Lines(lines))
}

/// The forms, one for each office.
pub(crate) const FORMS: [Sheet; 6] = [
    Sheet {
        id: "aufenthalt-verlaengern",
        office: "Amt für Migration",
        number: "AfM 12 (Muster) 09/2026",
        title: "Antrag auf Verlängerung der Aufenthaltserlaubnis",
        intro: &[
            "Bitte stellen Sie den Antrag spätestens acht Wochen, bevor Ihre Aufenthaltserlaubnis endet.",
            "Bringen Sie Pass, ein biometrisches Foto und Nachweise über Einkommen und Wohnung mit.",
        ],
        parts: &[
            Part {
                title: "1. Angaben zur Person",
                rows: &[
                    NAME,
                    &[BIRTH_DATE, field("geburtsort", "Geburtsort", 4, Kind::Line(60)), NATIONALITY],
                    ADDRESS,
                    &[PHONE, EMAIL],
                ],
            },
            Part {
                title: "2. Pass und Aufenthalt",
                rows: &[
                    &[
                        field("passnummer", "Nummer des Passes", 4, Kind::Line(20)),
                        field("pass_gueltig_bis", "Pass gültig bis", 4, Kind::Line(10)),
                        field("titel_gueltig_bis", "Aufenthaltserlaubnis gültig bis", 4, Kind::Line(10)),
                    ],
                    &[field(
                        "zweck",
                        "Zweck des Aufenthalts",
                        6,
                        Kind::Choice(&["Arbeit", "Familie", "Ausbildung oder Studium", "Schutz"]),
                    )],
                    &[check(
                        "in_arbeit",
                        "Ich arbeite zurzeit. (Arbeitsvertrag und drei Lohnabrechnungen beifügen)",
                        12,
                    )],
                ],
            },
            Part { title: "3. Bemerkungen", rows: &[&[remarks("Was Sie noch sagen möchten", 7)]] },
        ],
        signature: "Unterschrift",
    },
    Sheet {
        id: "veraenderung-mitteilen",
        office: "Jobcenter",
        number: "JC 3 (Muster) 07/2026",
        title: "Veränderungsmitteilung",
        intro: &[
            "Teilen Sie Änderungen sofort mit. Sonst kann es sein, dass Sie Geld zurückzahlen müssen.",
            "Fügen Sie Nachweise bei, zum Beispiel Mietvertrag, Arbeitsvertrag oder Lohnabrechnung.",
        ],
        parts: &[
            Part {
                title: "1. Angaben zur Person",
                rows: &[
                    NAME,
                    &[
                        BIRTH_DATE,
                        PHONE,
                        field("bg_nummer", "Nummer der Bedarfsgemeinschaft", 4, Kind::Line(20)),
                    ],
                ],
            },
            Part {
                title: "2. Was sich geändert hat",
                rows: &[
                    &[field("aenderung_ab", "Änderung ab", 4, Kind::Line(10))],
                    &[
                        check("umzug", "Ich bin umgezogen.", 6),
                        check("arbeit", "Meine Arbeit hat sich geändert.", 6),
                    ],
                    &[
                        check("einkommen", "Mein Einkommen hat sich geändert.", 6),
                        check("familie", "In meiner Familie hat sich etwas geändert.", 6),
                    ],
                ],
            },
            Part { title: "3. Erläuterung", rows: &[&[remarks("Was genau hat sich geändert?", 12)]] },
        ],
        signature: "Unterschrift",
    },
    Sheet {
        id: "kita-anmelden",
        office: "Jugendamt",
        number: "JA 21 (Muster) 2026/27",
        title: "Anmeldung für einen Kita-Platz",
        intro: &["Für Kinder von vier Monaten bis zur Einschulung. Bitte ein Blatt für jedes Kind."],
        parts: &[
            CHILD,
            Part { title: "2. Mutter, Vater oder Vormund", rows: &[NAME, ADDRESS, &[PHONE, EMAIL]] },
            Part {
                title: "3. Betreuung",
                rows: &[
                    &[
                        field("betreuung_ab", "Platz gewünscht ab", 4, Kind::Line(10)),
                        field("stunden", "Stunden in der Woche", 3, Kind::Choice(&["25", "35", "45"])),
                        field("familiensprache", "Sprache in der Familie", 5, Kind::Line(60)),
                    ],
                    &[field("wunsch_kita", "Wunsch-Kita (Name und Stadtteil)", 12, Kind::Line(80))],
                ],
            },
        ],
        signature: "Unterschrift der Erziehungsberechtigten",
    },
    Sheet {
        id: "wohnberechtigungsschein",
        office: "Wohnungsamt",
        number: "WA 5 (Muster) 10/2026",
        title: "Antrag auf einen Wohnberechtigungsschein (WBS)",
        intro: &[
            "Mit dem WBS können Sie eine öffentlich geförderte Wohnung mieten. Er gilt ein Jahr.",
            "Fügen Sie Nachweise über das Einkommen aller Personen im Haushalt bei.",
        ],
        parts: &[
            Part { title: "1. Angaben zur Person", rows: &[NAME, &[BIRTH_DATE, PHONE], ADDRESS] },
            Part {
                title: "2. Haushalt und Wohnung",
                rows: &[
                    &[
                        field("personen", "Personen im Haushalt", 4, Kind::Line(2)),
                        field("einkommen_monat", "Einkommen im Monat (Euro)", 4, Kind::Line(10)),
                        field("miete", "Warmmiete jetzt (Euro)", 4, Kind::Line(10)),
                    ],
                    &[check("rollstuhl", "Jemand im Haushalt braucht einen Rollstuhl.", 12)],
                ],
            },
            Part { title: "3. Bemerkungen", rows: &[&[remarks("Warum suchen Sie eine andere Wohnung?", 9)]] },
        ],
        signature: "Unterschrift",
    },
    Sheet {
        id: "bildung-und-teilhabe",
        office: "Sozialamt",
        number: "SA 8 (Muster) 2026/27",
        title: "Antrag auf Leistungen für Bildung und Teilhabe",
        intro: &[
            "Für Kinder und Jugendliche, deren Familie Bürgergeld, Wohngeld oder Asylbewerberleistungen erhält.",
        ],
        parts: &[
            CHILD,
            Part { title: "2. Mutter, Vater oder Vormund", rows: &[NAME, &[PHONE]] },
            Part {
                title: "3. Was beantragt wird",
                rows: &[
                    &[field("einrichtung", "Schule oder Kita des Kindes", 12, Kind::Line(80))],
                    &[
                        check("mittagessen", "Mittagessen", 6),
                        check("ausflug", "Ausflug oder Klassenfahrt", 6),
                    ],
                    &[
                        check("lernfoerderung", "Nachhilfe", 6),
                        check("verein", "Sportverein oder Musikschule", 6),
                    ],
                ],
            },
            Part {
                title: "4. Bemerkungen",
                rows: &[&[remarks("Zum Beispiel: Name des Vereins, Kosten", 7)]],
            },
        ],
        signature: "Unterschrift der Erziehungsberechtigten",
    },
    Sheet {
        id: "schule-neu-zugewandert",
        office: "Schulamt",
        number: "SchA 2 (Muster) 2026/27",
        title: "Erfassungsbogen für neu zugewanderte Schulkinder",
        intro: &[
            "In Nordrhein-Westfalen gehen alle Kinder ab sechs Jahren zur Schule. Der Besuch ist kostenlos.",
        ],
        parts: &[
            CHILD,
            Part { title: "2. Mutter, Vater oder Vormund", rows: &[NAME, ADDRESS, &[PHONE, NATIONALITY]] },
            Part {
                title: "3. Schule bisher",
                rows: &[&[
                    field("in_deutschland_seit", "In Deutschland seit", 4, Kind::Line(10)),
                    field("schuljahre", "Schuljahre bisher", 3, Kind::Line(2)),
                    field("sprachen", "Sprachen des Kindes", 5, Kind::Line(80)),
                ]],
            },
            Part {
                title: "4. Bemerkungen",
                rows: &[&[remarks("Zum Beispiel: letzte Schule, Zeugnisse, Gesundheit", 8)]],
            },
        ],
        signature: "Unterschrift der Erziehungsberechtigten",
    },
];
