# Русский
home = Главная
back = Назад
next = Далее
done = Готово
cancel = Отмена
help = Помощь
help-front-desk = Обратитесь, пожалуйста, на стойку.
language = Язык
topics = Темы
forms = Бланки
guides = Инструкции
videos = Видео
events = Курсы и мероприятия
offices = Ведомства
opening-hours = Часы работы
fill-in = Заполнить
print = Печать
print-sheets = { $sheets ->
    [one] Будет напечатан { $sheets } лист.
    [few] Будет напечатано { $sheets } листа.
   *[other] Будет напечатано { $sheets } листов.
 }
printing = Идёт печать.
print-not-possible = Печать здесь сейчас невозможна.
not-in-your-language = Этого пока нет на вашем языке. Язык показа: { $language }.
draft-translation = Этот перевод ещё не проверен.
required = Это нужно заполнить.
erase-all = Всё удалить
valid-until = Действителен до { $day }
printed = Напечатано. Заберите свою бумагу.
print-failed = Напечатать не удалось. Спросите на стойке.
print-waits-paper = В принтере нет бумаги. Спросите на стойке.
print-waits-printer = Принтеру нужна помощь. Спросите на стойке.
print-limit = Сейчас вы не можете напечатать больше.
form-not-valid = Этот бланк больше не действует. Спросите на стойке.
play = Воспроизвести
pause = Пауза
captions = Субтитры
position = Место в видео
nothing-here = Об этом здесь пока ничего нет.
