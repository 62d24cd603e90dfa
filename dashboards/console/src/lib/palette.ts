// What the palette finds. Only pages, displays and actions that nobody can regret.

export interface Entry {
  id: string;
  text: string;
  hint: string;
  icon: string;
  run: () => void;
}

/** Every word of the question must occur; what begins with it comes first. */
export function search(entries: Entry[], question: string, max = 12): Entry[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  const scored: { entry: Entry; score: number }[] = [];
  for (const entry of entries) {
    const text = `${entry.text} ${entry.hint}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const start = words.length && entry.text.toLowerCase().startsWith(words.join(' ')) ? 0 : 1;
    scored.push({ entry, score: start });
  }
  return scored.sort((a, b) => a.score - b.score).slice(0, max).map((s) => s.entry);
}
