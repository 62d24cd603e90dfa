# Български
home = Начало
back = Назад
next = Напред
done = Готово
cancel = Отказ
help = Помощ
help-front-desk = Моля, попитайте на рецепцията.
language = Език
topics = Теми
forms = Формуляри
guides = Указания
videos = Видеа
events = Курсове и събития
offices = Служби
opening-hours = Работно време
fill-in = Попълни
print = Отпечатай
print-sheets = { $sheets ->
    [one] Ще бъде отпечатан един лист.
   *[other] Ще бъдат отпечатани { $sheets } листа.
 }
printing = Отпечатва се.
print-not-possible = В момента тук не може да се печата.
not-in-your-language = Това още го няма на вашия език. Показва се на { $language }.
draft-translation = Този превод още не е проверен.
required = Това трябва да се попълни.
erase-all = Изтрий всичко
valid-until = Валиден до { $day }
printed = Отпечатано е. Вземете хартията си.
print-failed = Печатането не успя. Моля, попитайте на рецепцията.
print-waits-paper = В принтера няма хартия. Моля, попитайте на рецепцията.
print-waits-printer = Принтерът има нужда от помощ. Моля, попитайте на рецепцията.
print-limit = Сега не можете да печатате повече.
form-not-valid = Този формуляр вече не е валиден. Моля, попитайте на рецепцията.
play = Пускане
pause = Пауза
captions = Субтитри
position = Място във видеото
nothing-here = За това тук още няма нищо.
