# Українська
home = Головна
back = Назад
next = Далі
done = Готово
cancel = Скасувати
help = Допомога
help-front-desk = Зверніться, будь ласка, на рецепцію.
language = Мова
topics = Теми
forms = Бланки
guides = Поради
videos = Відео
events = Курси та події
offices = Установи
opening-hours = Години роботи
fill-in = Заповнити
print = Друкувати
print-sheets = { $sheets ->
    [one] Буде надруковано { $sheets } аркуш.
    [few] Буде надруковано { $sheets } аркуші.
   *[other] Буде надруковано { $sheets } аркушів.
 }
printing = Друкується.
print-not-possible = Друк тут зараз неможливий.
not-in-your-language = Цього ще немає вашою мовою. Мова показу: { $language }.
draft-translation = Цей переклад ще не перевірено.
required = Це треба заповнити.
erase-all = Усе видалити
valid-until = Дійсний до { $day }
printed = Надруковано. Заберіть свій папір.
print-failed = Надрукувати не вдалося. Запитайте на рецепції.
print-waits-paper = У принтері немає паперу. Запитайте на рецепції.
print-waits-printer = Принтеру потрібна допомога. Запитайте на рецепції.
print-limit = Зараз ви не можете надрукувати більше.
form-not-valid = Цей бланк більше не дійсний. Запитайте на рецепції.
play = Відтворити
pause = Пауза
captions = Субтитри
position = Місце у відео
nothing-here = Про це тут поки нічого немає.
