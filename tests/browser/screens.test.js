// Pictures of every page in every state, on a phone and a desktop, light and dark, to be looked at: `screenshots/`.

import test from 'node:test';
import { Tour } from './tour.js';

test('every page in every state has its picture', async (t) => {
  const tour = await Tour.start(t);
  for (const phone of [true, false]) {
    const visits = await tour.visits({ phone });
    for (const stop of tour.stops()) {
      const visit = visits[stop.who];
      await Tour.go(visit, stop);
      await visit.shoot(stop.name);
    }
  }
});
