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
printed = Wydrukowano. Proszę zabrać kartki.
print-failed = Drukowanie się nie udało. Proszę zapytać w recepcji.
print-waits-paper = W drukarce nie ma papieru. Proszę zapytać w recepcji.
print-waits-printer = Drukarka potrzebuje pomocy. Proszę zapytać w recepcji.
print-limit = Teraz nie można wydrukować więcej.
form-not-valid = Ten formularz jest już nieważny. Proszę zapytać w recepcji.
play = Odtwórz
pause = Pauza
captions = Napisy
position = Miejsce w filmie
nothing-here = Na ten temat nie ma tu jeszcze niczego.
