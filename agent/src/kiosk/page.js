// The visitor's first page: shows the view that the agent decides, says that it is alive, begins and
// ends sessions. Keeps the last view when the agent is silent, and says so after ten seconds.
'use strict';
const words = {
  starting: ['Einen Moment bitte …', 'One moment, please …'],
  ready: ['Willkommen. Bitte wählen Sie eine Sprache.', 'Welcome. Please choose a language.'],
  inform_only: ['Willkommen. Drucken ist gerade nicht möglich.', 'Welcome. Printing is not possible right now.'],
  out_of_service: ['Außer Betrieb. Bitte nehmen Sie ein anderes Gerät.', 'Out of service. Please use another display.'],
};
const byId = (id) => document.getElementById(id);
let reload = null, heardAt = Date.now(), renewTimer = null;
const post = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
function show(view) {
  heardAt = Date.now();
  if (reload !== null && view.reload !== reload) { location.reload(); return; }
  reload = view.reload;
  byId('view').dataset.state = view.state;
  byId('label').textContent = view.label;
  byId('state').replaceChildren(...(words[view.state] || words.starting).flatMap((w) => [document.createTextNode(w), document.createElement('br')]));
  byId('identify').hidden = !view.identify;
  byId('identify').textContent = view.terminal;
  byId('end').hidden = !view.session;
  const usable = !view.session && (view.state === 'ready' || view.state === 'inform_only');
  byId('languages').replaceChildren(...(usable ? view.languages : []).map((tag) => {
    const button = document.createElement('button');
    button.lang = tag;
    button.textContent = new Intl.DisplayNames([tag], { type: 'language' }).of(tag);
    button.addEventListener('click', () => post('/api/session', { language: tag }));
    return button;
  }));
}
byId('end').addEventListener('click', () => fetch('/api/session', { method: 'DELETE' }));
document.addEventListener('pointerdown', () => {
  if (renewTimer === null && !byId('end').hidden) {
    post('/api/session/renew', {});
    renewTimer = setTimeout(() => { renewTimer = null; }, 5000);
  }
});
async function beat() {
  if (document.visibilityState === 'visible') {
    try {
      await post('/api/heartbeat', { build: '1', route: 'welcome', visible: true });
      show(await (await fetch('/api/view')).json());
    } catch { /* the agent is away; said below */ }
  }
  if (Date.now() - heardAt > 10000) show({ state: 'out_of_service', languages: [], label: '', terminal: '', identify: false, session: false, reload });
}
setInterval(beat, 2000);
beat();
new EventSource('/api/events').addEventListener('message', (event) => show(JSON.parse(event.data)));
