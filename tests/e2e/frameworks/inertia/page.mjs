// Visits a page, loads a part of it again, and is sent to another version, by Inertia's own client.
import { router } from '@inertiajs/core';

const initialPage = JSON.parse(document.querySelector('#app').dataset.page);
let turn = 0;
const told = [];
const next = [
  () => router.visit('/users'),
  () => router.reload({ only: ['count'] }),
  () => router.post('/users', { title: 'x' }),
  () => fetch('/report', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ told }) }),
];
router.init({
  initialPage,
  resolveComponent: (name) => name,
  swapComponent: async ({ component, page }) => {
    told.push(`${component} ${JSON.stringify(page.props)}`);
    setTimeout(next[turn++] ?? (() => {}));
  },
});
