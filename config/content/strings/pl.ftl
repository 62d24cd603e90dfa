# Polski
home = Strona główna
back = Wstecz
next = Dalej
done = Gotowe
cancel = Anuluj
help = Pomoc
help-front-desk = Proszę zapytać w recepcji.
language = Język
topics = Tematy
forms = Formularze
guides = Poradniki
videos = Filmy
events = Kursy i terminy
offices = Urzędy
opening-hours = Godziny otwarcia
fill-in = Wypełnij
print = Drukuj
print-sheets = { $sheets ->
    [one] Zostanie wydrukowana jedna kartka.
    [few] Zostaną wydrukowane { $sheets } kartki.
   *[other] Zostanie wydrukowanych { $sheets } kartek.
 }
printing = Trwa drukowanie.
print-not-possible = Drukowanie jest tu teraz niemożliwe.
not-in-your-language = Tego nie ma jeszcze w Państwa języku. Wyświetlany język: { $language }.
draft-translation = To tłumaczenie nie zostało jeszcze sprawdzone.
required = To trzeba wypełnić.
erase-all = Usuń wszystko
valid-until = Ważny do { $day }
