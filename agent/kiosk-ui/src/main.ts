// Puts the page in the place of the static words, which stay if this fails.
import { mount } from 'svelte';
import App from './App.svelte';
import './style.css';

const target = document.getElementById('app');
if (target) {
  mount(App, { target });
  document.getElementById('fallback')?.remove();
}
