import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startKeys } from './lib/keys';
import { router } from './lib/router.svelte';
import { clock } from './stores/clock.svelte';
import { settings } from './stores/settings.svelte';

settings.start();
clock.start();
router.start();
startKeys();

const target = document.getElementById('app');
if (target) mount(App, { target });
