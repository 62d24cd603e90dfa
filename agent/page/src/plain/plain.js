// The page that is shown when the real one was not built: state and heartbeats, nothing else.
const WORDS = {
  starting: 'Einen Moment bitte. / One moment, please.',
  ready: 'Bereit. / Ready.',
  inform_only: 'Drucken ist gerade nicht möglich. / Printing is not possible right now.',
  updating: 'Neue Inhalte werden geladen. / New content is being loaded.',
  out_of_service: 'Außer Betrieb. Bitte nehmen Sie ein anderes Gerät. / Out of service. Please use another display.',
};
const BEAT_MS = 2000;
// Names this load of the page: the agent knows by it that an ordered reload has happened.
const LOAD = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
let load;
let heard = true;

function show(view) {
  if (load !== undefined && load !== view.load) location.reload();
  load = view.load;
  document.getElementById('state').textContent = WORDS[view.state] ?? WORDS.starting;
  const terminal = document.getElementById('terminal');
  terminal.textContent = view.terminal;
  terminal.classList.toggle('large', view.identify);
}

async function beat() {
  try {
    await fetch('/api/heartbeat', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ build: 'plain', load: LOAD, route: 'plain', visible: true }),
    });
    heard = true;
  } catch {
    if (!heard) document.getElementById('state').textContent = WORDS.out_of_service;
    heard = false;
  }
}

new EventSource('/api/events').addEventListener('view', (event) => show(JSON.parse(event.data)));
setInterval(() => {
  if (document.visibilityState === 'visible') requestAnimationFrame(() => void beat());
}, BEAT_MS);
void beat();
